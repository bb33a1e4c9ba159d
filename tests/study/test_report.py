from __future__ import annotations

import dataclasses
import json

import matplotlib.image
import pytest

from tests.study.example import small_record
from tests.study.test_worker import END
from tfvma.study import record
from tfvma.study.estimators import main as train_all
from tfvma.study.gradients import gradients_folder
from tfvma.study.outcome import Outcome, run_folder, write_end, write_outcome
from tfvma.study.page import measured_part
from tfvma.study.report import main, write_report
from tfvma.study.tasks import TASKS, Run, get_task, own_rate
from tfvma.training.log import CsvLog
from tfvma.training.run_folder import RunFolder, write_config


def finish(run: Run, runs_dir, nll: float) -> None:
    """Makes the folder of a run that took all its seconds."""
    folder = run_folder(runs_dir, run)
    folder.mkdir(parents=True)
    row = {"step": 50, "cpu_seconds": 2.0, "val_iw_bound": -123.456789}
    row |= {"val_kl_a": 1.5, "val_address_accuracy": 0.25}
    log = CsvLog(folder / "log.csv", tuple(row), step=0)
    log({"step": 25, "cpu_seconds": 1.0})
    log(row)
    write_outcome(folder, Outcome(60, run.task.cpu_seconds, "cpu_seconds"))
    write_end(folder, dataclasses.replace(END, nll=nll))


def test_record_of_runs(tmp_path):
    task = get_task("recall256")
    finish(Run(task, "ovis", 2, 4, own_rate(task, "ovis")), tmp_path, nll=10.0)
    unfinished = Run(task, "vimco", 0, 4, own_rate(task, "vimco"))
    finish(unfinished, tmp_path, nll=10.0)
    write_end(run_folder(tmp_path, unfinished), None)
    folder = gradients_folder(tmp_path, "recall256")
    folder.mkdir()
    (folder / "250-ovis.json").write_text('{"step": 250, "estimator": "ovis", "ess": 1.2345678}')

    made = record.make_record(tmp_path)
    (task_record,) = made["tasks"].values()
    (run,) = task_record["runs"]
    assert (run["estimator"], run["seed"], run["num_samples"]) == ("ovis", 2, 4)
    assert (run["step"], run["end"]["nll"]) == (60, 10.0)
    assert run["curve"] == {
        "step": [50],
        "cpu_seconds": [2.0],
        "nll": [123.46],
        "kl_a": [1.5],
        "address_accuracy": [0.25],
    }
    assert task_record["gradients"] == [{"step": 250, "estimator": "ovis", "ess": 1.2346}]

    record.write_record(tmp_path / "record.json", made)
    text = (tmp_path / "record.json").read_text()
    assert json.loads(text) == made
    assert len([line for line in text.splitlines() if "ovis" in line]) == 2


def test_report_of_every_kind_of_task(tmp_path, monkeypatch):
    made = small_record()
    monkeypatch.setattr(record, "make_record", lambda runs_dir: made)
    write_report(tmp_path / "runs", tmp_path / "docs")
    page = tmp_path / "docs" / "estimators.md"
    assert measured_part(made) in page.read_text()
    assert {path.name for path in page.parent.glob("*.png")} == {
        "estimators_recall256_cpu_seconds.png",
        "estimators_recall256_step.png",
        "estimators_recall256_noise.png",
        "estimators_few_shot_cpu_seconds.png",
        "estimators_few_shot_step.png",
        "estimators_samples.png",
    }
    for path in page.parent.glob("*.png"):
        assert matplotlib.image.imread(path).min() < 0.5

    # What people wrote stays.
    page.write_text(page.read_text() + "\nConclusions.\n")
    write_report(tmp_path / "runs", tmp_path / "docs")
    assert page.read_text().endswith("\nConclusions.\n")


def test_without_runs_there_is_no_report(tmp_path, capsys):
    docs = tmp_path / "docs"
    assert main(["--runs-dir", str(tmp_path / "runs"), "--docs-dir", str(docs)]) == 2
    assert "expected runs that are done, found none" in capsys.readouterr().err
    assert not docs.exists()


@pytest.fixture
def started(monkeypatch) -> list[str]:
    """The names of the runs that would be started."""
    names = []

    class Recorder:
        def __init__(self, runs, runs_dir, data_dir):
            names.extend(run.name for run in runs)

        def run(self, jobs):
            return 0

    monkeypatch.setattr("tfvma.study.runner.Runner", Recorder)
    return names


def test_tasks_that_name_no_estimators_take_the_best(tmp_path, started, capsys):
    command = ["--task", "recall1024", "--seeds", "0", "--runs-dir", str(tmp_path)]
    assert TASKS["recall1024"].estimators == ()
    assert train_all(command) == 2
    assert "runs of recall256 to choose them by" in capsys.readouterr().err
    for estimator, nll in (("vimco", 40.0), ("ovis", 10.0), ("nvil", 30.0), ("concrete", 20.0)):
        task = get_task("recall256")
        finish(Run(task, estimator, 0, 4, own_rate(task, estimator)), tmp_path, nll)
    assert train_all(command) == 0
    assert started == ["ovis-seed0", "concrete-seed0", "nvil-seed0", "vimco-seed0"]

    # One of them has a seed more: more seeds can reach a goal.
    finish(Run(task, "nvil", 1, 4, own_rate(task, "nvil")), tmp_path, nll=30.0)
    assert train_all(command) == 2
    message = "error: --estimators: concrete, ovis, vimco have fewer seeds of recall256 done"
    assert capsys.readouterr().err.startswith(message)
    assert train_all([*command, "--estimators", "exact"]) == 0


def test_what_no_run_can_have_is_refused_before_any_is_started(tmp_path, started, capsys):
    command = ["--task", "recall256", "--estimators", "vimco", "--runs-dir", str(tmp_path)]
    assert train_all([*command, "--seeds", "-1"]) == 2
    assert "training.seed=-1: expected 0 to" in capsys.readouterr().err
    assert started == [] == list(tmp_path.iterdir())


def test_an_outcome_that_was_cut_off_is_named(tmp_path, capsys):
    task = get_task("recall256")
    run = Run(task, "ovis", 0, 4, own_rate(task, "ovis"))
    finish(run, tmp_path, nll=10.0)
    cut = run_folder(tmp_path, run) / "outcome.json"
    cut.write_text('{"step": 1')
    assert main(["--runs-dir", str(tmp_path), "--docs-dir", str(tmp_path / "docs")]) == 2
    assert f"error: '{cut}': expected what a run has written" in capsys.readouterr().err


def test_runs_of_another_configuration_are_refused(tmp_path, capsys):
    task = get_task("recall256")
    run = Run(task, "ovis", 0, 4, own_rate(task, "ovis"))
    finish(run, tmp_path, nll=10.0)
    folder = RunFolder(run_folder(tmp_path, run))
    write_config(folder, run.config)
    assert len(record.make_record(tmp_path)["tasks"]["recall256"]["runs"]) == 1

    write_config(folder, dataclasses.replace(run, learning_rate=0.5).config)
    command = ["--task", "recall256", "--estimators", "ovis", "--runs-dir", str(tmp_path)]
    report = ["--runs-dir", str(tmp_path), "--docs-dir", str(tmp_path / "docs")]
    for say, arguments in ((train_all, command), (main, report)):
        assert say(arguments) == 2
        said = capsys.readouterr().err
        assert "training.learning_rate is 0.5 there and 0.0005 here" in said
        assert f"move {folder.path} away" in said
        assert len(said.splitlines()) == 1
