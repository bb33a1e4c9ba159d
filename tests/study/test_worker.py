from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import pytest

from tfvma.study.outcome import End, Outcome, is_done, read_end, read_outcome, run_folder
from tfvma.study.tasks import Run
from tfvma.study.worker import arguments_of, do_run, main
from tfvma.training.log import read_log

END = End(
    nll=10.0,
    kl_a=1.0,
    kl_z=2.0,
    address_accuracy=0.5,
    posterior_error=3.0,
    entropy_posterior=4.0,
    entropy_prior=5.0,
)


@pytest.fixture(autouse=True)
def measured(stand_in, monkeypatch) -> list[Path]:
    """The folders of runs that were measured; nothing is."""
    folders = []
    monkeypatch.setattr(
        "tfvma.study.end.measure_end", lambda folder, data_dir: folders.append(folder) or END
    )
    return folders


@pytest.fixture
def run(task) -> Run:
    return Run(task, "vimco", seed=1, num_samples=2, learning_rate=2e-3)


def test_a_run_is_trained_to_its_end_once(run, tmp_path, measured):
    assert not is_done(tmp_path, run)
    assert main(arguments_of(run, tmp_path, None)) == 0
    folder = run_folder(tmp_path, run)
    assert folder == tmp_path / "tiny" / "vimco-seed1"
    outcome = read_outcome(folder)
    assert (outcome.step, outcome.ended_by) == (6, "steps")
    assert is_done(tmp_path, run)
    assert read_end(folder) == END

    (folder / "config.json").unlink()
    assert do_run(run, tmp_path, None) == 0
    assert measured == [folder]
    # A run that was killed before it was measured.
    (folder / "end.json").unlink()
    assert not is_done(tmp_path, run)
    assert do_run(run, tmp_path, None) == 0
    assert measured == [folder, folder]
    assert is_done(tmp_path, run)
    assert not (folder / "config.json").exists()


def test_a_run_ends_by_its_seconds_and_goes_on_when_given_more(
    run, tmp_path, measured, monkeypatch
):
    # Each step is begun and ended: four seconds of CPU.
    monkeypatch.setattr("time.process_time", itertools.count(step=4).__next__)
    short = dataclasses.replace(run, task=dataclasses.replace(run.task, cpu_seconds=12.0))
    assert do_run(short, tmp_path, None) == 0
    folder = run_folder(tmp_path, run)
    assert read_outcome(folder) == Outcome(3, 12.0, "cpu_seconds")
    assert is_done(tmp_path, short)
    assert not is_done(tmp_path, run)
    assert do_run(run, tmp_path, None) == 0
    assert read_outcome(folder) == Outcome(6, 24.0, "steps")
    assert measured == [folder, folder]
    assert [row["cpu_seconds"] for row in read_log(folder / "log.csv")] == [4, 8, 12, 16, 20, 24]


def test_a_run_that_diverges_is_done(run, tmp_path, capsys, measured):
    training = dataclasses.replace(run.task.config.training, schedule="constant")
    config = dataclasses.replace(run.task.config, training=training)
    task = dataclasses.replace(run.task, config=config)
    wild = dataclasses.replace(run, task=task, learning_rate=1e30)
    assert do_run(wild, tmp_path, None) == 0
    assert "diverged: step" in capsys.readouterr().err
    assert read_outcome(run_folder(tmp_path, wild)).ended_by == "diverged"
    assert is_done(tmp_path, wild)
    assert measured == []


def test_errors_of_the_user_are_said_in_one_line(run, tmp_path, capsys):
    arguments = arguments_of(run, tmp_path, None)
    arguments[arguments.index("tiny")] = "huge"
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith("error: task='huge': expected one of")
