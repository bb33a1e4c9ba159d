from __future__ import annotations

import dataclasses
import json

import pytest

from tests.study.tiny_task import TASK
from tests.training.conftest import random_characters
from tfvma.study import tasks
from tfvma.study.gradients import main
from tfvma.training.log import read_log


@pytest.fixture
def diagnosed(monkeypatch):
    monkeypatch.setattr("tfvma.training.run.load_characters", random_characters)
    monkeypatch.setattr("tfvma.training.held_out.TARGETS", 8)
    monkeypatch.setattr("tfvma.study.gradients._LESSONS", 2)
    task = dataclasses.replace(TASK, estimators=("vimco", "nvil"), diagnosed_at=(2, 4))
    monkeypatch.setitem(tasks.TASKS, "tiny", task)


def test_estimators_are_compared_at_the_same_weights(diagnosed, tmp_path):
    command = ["--task", "tiny", "--runs-dir", str(tmp_path)]
    assert main(command) == 0
    folder = tmp_path / "tiny" / "gradients"
    rows = {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}
    assert rows.keys() == {"2-vimco", "2-nvil", "4-vimco", "4-nvil"}
    for step in (2, 4):
        logged = [row["step"] for row in read_log(folder / f"run-{step}" / "log.csv")]
        assert logged == list(range(1, step + 1))
        vimco, nvil = rows[f"{step}-vimco"], rows[f"{step}-nvil"]
        # The weights, and so the posterior, are the same; the gradients are not.
        for name in ("posterior_error", "entropy_posterior", "ess"):
            assert nvil[name] == pytest.approx(vimco[name], rel=1e-5)
        assert nvil["variance_addressing"] != vimco["variance_addressing"]
    assert rows["2-vimco"]["posterior_error"] != rows["4-vimco"]["posterior_error"]

    # What is there is not measured again; what is missing is, at the same weights.
    (folder / "2-nvil.json").unlink()
    before = (folder / "4-nvil.json").stat().st_mtime_ns
    assert main(command) == 0
    again = json.loads((folder / "2-nvil.json").read_text())
    assert again == pytest.approx(rows["2-nvil"])
    assert (folder / "4-nvil.json").stat().st_mtime_ns == before


def test_a_task_without_steps_to_compare_at(task, tmp_path, capsys):
    assert main(["--task", "tiny", "--runs-dir", str(tmp_path)]) == 2
    assert "error: --task='tiny': expected a task with steps" in capsys.readouterr().err
