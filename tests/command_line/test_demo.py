"""tfvma-demo: what it refuses before it starts. `make demo` runs all of it."""

from __future__ import annotations

import pytest

from tfvma.command_line.demo import main


def test_too_few_steps(tmp_path, capsys):
    options = ["--report", str(tmp_path / "report"), "--runs-dir", str(tmp_path / "runs")]
    assert main([*options, "--steps", "0"]) == 2
    assert capsys.readouterr().err == "error: --steps=0: expected at least 1.\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--report", "--runs-dir", "--savedmodels-dir"])
def test_folders_that_cannot_be_written_to(tmp_path, monkeypatch, capsys, option):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    assert main([option, str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err.startswith(f"error: {option}=")
