"""What the runs of the study gave, as one JSON file from which page and figures are made."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from tfvma import __version__
from tfvma.config import memory_size
from tfvma.errors import DataError
from tfvma.study.costs import costs_file
from tfvma.study.gradients import gradients_folder
from tfvma.study.outcome import check_same, is_done, read_end, read_outcome, run_folder
from tfvma.study.tasks import TASKS, Run, Task, runs_of
from tfvma.study.variants import VARIANTS
from tfvma.training.log import read_log

_CURVES = {"nll": "val_iw_bound", "kl_a": "val_kl_a", "address_accuracy": "val_address_accuracy"}


def make_record(runs_dir: Path) -> dict:
    """The runs that are done, of every task that has any, and the comparisons of gradients.

    Raises CheckpointError where one of them is of another configuration than its task has now,
    DataError where costs were measured, but not of every estimator.
    """
    tasks = [_task(task, runs_dir) for task in TASKS.values()]
    return {
        "versions": {"tfvma": __version__, "tensorflow": metadata.version("tensorflow")},
        "tasks": {task["name"]: task for task in tasks if task["runs"]},
    }


def write_record(path: Path, record: dict) -> None:
    """Writes JSON with a line for each run, so that differences can be read."""
    from tfvma.training.atomic import replacing

    rows = {"runs", "gradients"}
    heads = {
        name: {key: value for key, value in task.items() if key not in rows}
        | {key: [f"{key} {place}" for place in range(len(task[key]))] for key in rows}
        for name, task in record["tasks"].items()
    }
    text = json.dumps({**record, "tasks": heads}, indent=1)
    for task in record["tasks"].values():
        for key in rows:
            for place, row in enumerate(task[key]):
                text = text.replace(f'"{key} {place}"', json.dumps(row), 1)
    with replacing(path) as beside:
        beside.write_text(text + "\n", encoding="utf-8")


def _task(task: Task, runs_dir: Path) -> dict:
    training = task.config.training
    done = [run for run in runs_of(task, tuple(VARIANTS), task.seeds) if is_done(runs_dir, run)]
    return {
        "name": task.name,
        "goal": task.goal,
        "steps": training.steps,
        "cpu_seconds": task.cpu_seconds,
        "validation": task.config.intervals.validation,
        "memory_size": memory_size(task.config),
        "num_samples": training.num_samples,
        "optimizer": training.optimizer,
        "runs": [_run(run, runs_dir) for run in done],
        "gradients": _gradients(gradients_folder(runs_dir, task.name)),
        "costs": _costs(task.name, done, runs_dir),
    }


def _run(run: Run, runs_dir: Path) -> dict:
    check_same(runs_dir, run)
    folder = run_folder(runs_dir, run)
    outcome, end = read_outcome(folder), read_end(folder)
    rows = [row for row in read_log(folder / "log.csv") if "val_iw_bound" in row]
    sign = {"nll": -1.0}
    return {
        "estimator": run.estimator,
        "seed": run.seed,
        "num_samples": run.num_samples,
        "learning_rate": run.learning_rate,
        **dataclasses.asdict(outcome),
        "end": None if end is None else _rounded(dataclasses.asdict(end)),
        "curve": {
            "step": [row["step"] for row in rows],
            "cpu_seconds": [_round(row["cpu_seconds"]) for row in rows],
            **{
                name: [_round(sign.get(name, 1.0) * row[column]) for row in rows]
                for name, column in _CURVES.items()
            },
        },
    }


def _gradients(folder: Path) -> list[dict]:
    rows = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    order = list(VARIANTS)
    rows.sort(key=lambda row: (row["step"], order.index(row["estimator"])))
    return [_rounded(row) for row in rows]


def _costs(task: str, done: Sequence[Run], runs_dir: Path) -> dict[str, float]:
    path = costs_file(runs_dir, task)
    if not path.exists():
        return {}
    costs = _rounded(json.loads(path.read_text(encoding="utf-8")))
    missing = sorted({run.estimator for run in done} - costs.keys())
    if missing:
        raise DataError(
            f"{path}: expected the cost of {', '.join(missing)} too; run python -m "
            f"tfvma.study.costs --task {task} again."
        )
    return costs


def _rounded(row: dict) -> dict:
    return {
        name: _round(value) if isinstance(value, float) else value for name, value in row.items()
    }


def _round(value: float) -> float:
    return float(f"{value:.5g}")
