from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tfvma.command_line.train import configure, main, parser
from tfvma.errors import DataError
from tfvma.presets import get_preset, preset_names

PRESET = "strokes_vma_4shot"


def configured(*arguments: str):
    return configure(parser().parse_args(["--preset", PRESET, *arguments]))


def test_a_preset_as_it_is():
    assert configured() == get_preset(PRESET)


def test_options_change_the_preset():
    config = configured(
        "--name",
        "mine",
        "--steps",
        "7",
        "--seed",
        "3",
        "--set",
        "model.latent_dim=9",
        "--start-from",
        "savedmodels/other",
    )
    assert config.name == "mine"
    assert (config.training.steps, config.training.seed, config.model.latent_dim) == (7, 3, 9)
    assert config.training.start_from == "savedmodels/other"
    assert config.episodes == get_preset(PRESET).episodes


def test_help_names_the_presets(capsys):
    with pytest.raises(SystemExit) as exited:
        main(["--help"])
    assert exited.value.code == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in preset_names())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--preset", "nothing"], "error: preset='nothing': expected one of"),
        (["--preset", PRESET, "--steps", "x"], "error: training.steps='x': expected a whole"),
        (
            ["--preset", PRESET, "--steps", "2", "--set", "training.steps=7"],
            "error: --steps 2 and --set training.steps=7: expected one of them",
        ),
        (["--preset", PRESET, "--steps", "0"], "error: training.steps=0: expected at least 1"),
        (["--preset", PRESET, "--set", "lr=1"], "error: lr='1': there is no option 'lr'"),
        (["--preset", PRESET, "--name", "../up"], "error: --name='../up': expected the name"),
        (["--preset", PRESET, "--name", ".."], "error: --name='..': expected the name"),
        (["--preset", PRESET, "--seed", str(2**32)], "error: training.seed=4294967296: expected 0"),
    ],
)
def test_errors_are_one_line_and_exit_code_2(arguments, message, capsys, tmp_path):
    assert main([*arguments, "--runs-dir", str(tmp_path / "runs")]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith(message)
    assert shown.count("\n") == 1
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("options", "noted"), [([], True), (["--start-from", "some"], False), (["--quiet"], False)]
)
def test_a_preset_of_fine_tuning_says_what_it_wants(options, noted, monkeypatch, capsys, tmp_path):
    def no_data(*arguments, **options):
        raise DataError("no data.")

    monkeypatch.setattr("tfvma.training.train", no_data)
    monkeypatch.setattr("tfvma.training.threads.one_thread_per_operation", lambda: None)
    words = ["--preset", "omniglot26_vma_2shot", "--runs-dir", str(tmp_path), *options]
    assert main(words) == 2
    shown = capsys.readouterr().err
    assert ("--start-from savedmodels/omniglot26_vma_4shot" in shown) == noted


def test_a_runs_dir_that_takes_no_files(capsys, tmp_path):
    blocked = tmp_path / "file"
    blocked.touch()
    assert main(["--preset", PRESET, "--runs-dir", str(blocked / "runs")]) == 2
    assert "error: --runs-dir=" in capsys.readouterr().err


def test_arguments_are_checked_before_tensorflow_is_imported():
    script = (
        "import sys; from tfvma.command_line.train import main;"
        "code = main(['--preset', 'strokes_vma_4shot', '--set', 'model.depth=3']);"
        "sys.exit(10 * ('tensorflow' in sys.modules) + code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "model.depth='3'" in done.stderr


@pytest.mark.parametrize(("first_step", "words"), [(0, ""), (3, ""), (7, "finished before, ")])
def test_a_run_that_was_finished_is_not_said_to_have_trained_now(
    first_step, words, tmp_path, monkeypatch, capsys
):
    import tfvma.training

    result = tfvma.training.TrainingResult(7, first_step, 90.0, 90.0, True, None, {})
    monkeypatch.setattr(tfvma.training, "train", lambda *arguments, **options: result)
    monkeypatch.setattr("tfvma.training.threads.one_thread_per_operation", lambda: None)
    assert main(["--preset", PRESET, "--runs-dir", str(tmp_path), "--quiet"]) == 0
    assert capsys.readouterr().out.startswith(f"{PRESET}: {words}7 steps in 1.5 minutes; weights")
