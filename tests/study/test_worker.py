from __future__ import annotations

import dataclasses
import itertools

import pytest

from tfvma.study.outcome import Outcome, is_done, read_outcome, run_folder
from tfvma.study.tasks import Run
from tfvma.study.worker import arguments_of, do_run, main
from tfvma.training.log import read_log

pytestmark = pytest.mark.usefixtures("stand_in")


@pytest.fixture
def run(task) -> Run:
    return Run(task, "vimco", seed=1, num_samples=2)


def test_a_run_is_trained_to_its_end_once(run, tmp_path):
    assert not is_done(tmp_path, run)
    assert main(arguments_of(run, tmp_path, None)) == 0
    folder = run_folder(tmp_path, run)
    assert folder == tmp_path / "tiny" / "vimco-seed1"
    outcome = read_outcome(folder)
    assert (outcome.step, outcome.ended_by) == (6, "steps")
    assert is_done(tmp_path, run)

    (folder / "config.json").unlink()
    assert do_run(run, tmp_path, None) == 0
    assert not (folder / "config.json").exists()


def test_a_run_ends_by_its_seconds_and_goes_on_when_given_more(run, tmp_path, monkeypatch):
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
    assert [row["cpu_seconds"] for row in read_log(folder / "log.csv")] == [4, 8, 12, 16, 20, 24]


def test_a_run_that_diverges_is_done(run, tmp_path, capsys):
    training = dataclasses.replace(
        run.task.config.training, learning_rate=1e30, schedule="constant"
    )
    config = dataclasses.replace(run.task.config, training=training)
    wild = dataclasses.replace(run, task=dataclasses.replace(run.task, config=config))
    assert do_run(wild, tmp_path, None) == 0
    assert "diverged: step" in capsys.readouterr().err
    assert read_outcome(run_folder(tmp_path, wild)).ended_by == "diverged"
    assert is_done(tmp_path, wild)


def test_errors_of_the_user_are_said_in_one_line(run, tmp_path, capsys):
    arguments = arguments_of(run, tmp_path, None)
    arguments[arguments.index("tiny")] = "huge"
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith("error: task='huge': expected one of")
