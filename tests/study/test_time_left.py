from __future__ import annotations

import dataclasses

import pytest

from tfvma.study.outcome import Outcome, run_folder, write_outcome
from tfvma.study.tasks import runs_of
from tfvma.study.time_left import seconds_left
from tfvma.training.log import CsvLog


def test_time_left(task, tmp_path):
    config = dataclasses.replace(
        task.config, training=dataclasses.replace(task.config.training, steps=100)
    )
    task = dataclasses.replace(task, config=config, cpu_seconds=50.0)
    runs = runs_of(task, ("vimco", "exact", "ovis", "nvil"), (0,))

    def log(run, step, seconds, cpu_seconds):
        folder = run_folder(tmp_path, run)
        folder.mkdir(parents=True)
        row = {"step": step, "seconds": seconds, "cpu_seconds": cpu_seconds}
        CsvLog(folder / "log.csv", tuple(row), step=0)(row)

    # Nothing has begun: four times what the task allows.
    assert seconds_left(runs, tmp_path, jobs=1) == pytest.approx(200.0)
    log(runs[0], 100, 40.0, 20.0)
    write_outcome(run_folder(tmp_path, runs[0]), Outcome(100, 20.0, "steps"))
    log(runs[1], 10, 20.0, 10.0)  # 40 CPU seconds left, by the limit
    log(runs[2], 50, 20.0, 10.0)  # 10 left, by the steps
    # The fourth as the first; a CPU second takes two.
    assert seconds_left(runs, tmp_path, jobs=2) == pytest.approx((40 + 10 + 20) * 2 / 2)
