"""How a run of the study stands, read from its folder."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tfvma.errors import CheckpointError, DataError
from tfvma.study.tasks import Run
from tfvma.training.atomic import replacing
from tfvma.training.run_folder import RunFolder, check_same_run

DIVERGED = "diverged"

_Kept = TypeVar("_Kept")


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    step, cpu_seconds: what its steps took, see StepClock.
    ended_by: "steps", "cpu_seconds" or "diverged".
    """

    step: int
    cpu_seconds: float
    ended_by: str


def run_folder(runs_dir: Path, run: Run) -> Path:
    """Where a run lies."""
    return runs_dir / run.task.name / run.name


def check_same(runs_dir: Path, run: Run) -> None:
    """Raises CheckpointError where the folder of a run holds one of another configuration.

    Names of runs do not tell what a task was when they were trained.
    """
    folder = run_folder(runs_dir, run)
    try:
        check_same_run(RunFolder(folder), run.config)
    except CheckpointError as error:
        raise CheckpointError(
            f"{error} For the study: move {folder} away, to be trained again, or choose another "
            "--runs-dir."
        ) from error


@dataclass(frozen=True)
class End:
    """What a run has learned by its end: means over held-out targets, in nats.

    nll: -L_K with K as in training; kl_a, kl_z, address_accuracy: as in log.csv.
    posterior_error, entropy_posterior, entropy_prior: as in Diagnostics, over two episodes.
    """

    nll: float
    kl_a: float
    kl_z: float
    address_accuracy: float
    posterior_error: float
    entropy_posterior: float
    entropy_prior: float


def write_outcome(folder: Path, outcome: Outcome) -> None:
    """Writes outcome.json."""
    write_json(folder / "outcome.json", dataclasses.asdict(outcome))


def write_end(folder: Path, end: End | None) -> None:
    """Writes end.json, or removes it."""
    if end is None:
        (folder / "end.json").unlink(missing_ok=True)
    else:
        write_json(folder / "end.json", dataclasses.asdict(end))


def read_end(folder: Path) -> End | None:
    """What a run has learned, or None where it was not measured.

    Raises DataError for a file that holds something else.
    """
    path = folder / "end.json"
    return _read(path, End) if path.exists() else None


def write_json(path: Path, values: dict) -> None:
    """Writes one line of JSON."""
    with replacing(path) as beside:
        beside.write_text(json.dumps(values) + "\n", encoding="utf-8")


def read_outcome(folder: Path) -> Outcome | None:
    """How the run ended, or None where it has not.

    Raises DataError for a file that holds something else.
    """
    path = folder / "outcome.json"
    return _read(path, Outcome) if path.exists() else None


def _read(path: Path, kind: type[_Kept]) -> _Kept:
    try:
        return kind(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise DataError(
            f"{str(path)!r}: expected what a run has written ({error}); remove it to do the run "
            "again."
        ) from error


def is_trained(runs_dir: Path, run: Run) -> bool:
    """Whether a run has had all steps or seconds that its task gives it now, or diverged."""
    outcome = read_outcome(run_folder(runs_dir, run))
    return outcome is not None and (
        outcome.ended_by == DIVERGED
        or outcome.step >= run.config.training.steps
        or outcome.cpu_seconds >= run.task.cpu_seconds
    )


def is_done(runs_dir: Path, run: Run) -> bool:
    """Whether a run is trained, and measured unless it diverged."""
    folder = run_folder(runs_dir, run)
    if not is_trained(runs_dir, run):
        return False
    return read_end(folder) is not None or read_outcome(folder).ended_by == DIVERGED
