"""A step of each estimator is timed at the weights that its run ended with."""

from __future__ import annotations

import json

import pytest

from tests.training.conftest import random_characters
from tfvma.study import report
from tfvma.study.costs import costs_file, main
from tfvma.study.outcome import write_json
from tfvma.study.record import make_record
from tfvma.study.tasks import runs_of
from tfvma.study.worker import do_run
from tfvma.training.checkpoints import Checkpoints


@pytest.fixture
def noise(monkeypatch):
    monkeypatch.setattr("tfvma.training.run.load_characters", random_characters)
    monkeypatch.setattr("tfvma.training.held_out.TARGETS", 8)


@pytest.mark.usefixtures("noise")
def test_estimators_whose_runs_are_done_are_timed(task, tmp_path, monkeypatch):
    restored = []

    class Recorded:
        def __init__(self, folder, model):
            self._all = Checkpoints(folder, model)

        def restore(self):
            restored.append(self._all.restore())
            return restored[-1]

    (run,) = runs_of(task, ("exact",), (1,))
    do_run(run, tmp_path, None)
    monkeypatch.setattr("tfvma.training.checkpoints.Checkpoints", Recorded)
    assert main(["--task", "tiny", "--rounds", "1", "--runs-dir", str(tmp_path)]) == 0
    costs = json.loads(costs_file(tmp_path, "tiny").read_text())
    assert costs.keys() == {"exact"} and 0.0 < costs["exact"] < 60.0
    assert restored == [task.config.training.steps]
    assert make_record(tmp_path)["tasks"]["tiny"]["costs"].keys() == {"exact"}


@pytest.mark.usefixtures("noise")
def test_costs_of_an_estimator_that_came_later_are_asked_for(task, tmp_path, capsys):
    (exact,) = runs_of(task, ("exact",), (1,))
    do_run(exact, tmp_path, None)
    write_json(costs_file(tmp_path, "tiny"), {"vimco": 0.01})
    assert report.main(["--runs-dir", str(tmp_path), "--docs-dir", str(tmp_path / "docs")]) == 2
    message = "expected the cost of exact too; run python -m tfvma.study.costs --task tiny again."
    assert message in capsys.readouterr().err
    assert not (tmp_path / "docs").exists()


def test_a_task_of_recall(tmp_path, capsys):
    assert main(["--task", "samples", "--runs-dir", str(tmp_path)]) == 2
    assert "error: --task='samples': expected a task that is compared" in capsys.readouterr().err


def test_a_task_without_runs(task, tmp_path, capsys):
    assert main(["--task", "tiny", "--runs-dir", str(tmp_path)]) == 2
    assert "error: --task='tiny': expected a task with runs done." in capsys.readouterr().err
    assert not costs_file(tmp_path, "tiny").exists()


def test_no_rounds(task, tmp_path, capsys):
    assert main(["--task", "tiny", "--rounds", "0", "--runs-dir", str(tmp_path)]) == 2
    assert "--rounds=0: expected at least 1" in capsys.readouterr().err
