"""How a run of the study stands, read from its folder."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from tfvma.study.tasks import Run
from tfvma.training.atomic import replacing

DIVERGED = "diverged"


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


def write_outcome(folder: Path, outcome: Outcome) -> None:
    """Writes outcome.json."""
    with replacing(folder / "outcome.json") as beside:
        beside.write_text(json.dumps(dataclasses.asdict(outcome)) + "\n", encoding="utf-8")


def read_outcome(folder: Path) -> Outcome | None:
    """How the run ended, or None where it has not."""
    path = folder / "outcome.json"
    return Outcome(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def is_done(runs_dir: Path, run: Run) -> bool:
    """Whether a run has had all steps or seconds that its task gives it now, or diverged."""
    outcome = read_outcome(run_folder(runs_dir, run))
    return outcome is not None and (
        outcome.ended_by == DIVERGED
        or outcome.step >= run.config.training.steps
        or outcome.cpu_seconds >= run.task.cpu_seconds
    )
