"""How long the runs of a study will still take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tfvma.study.outcome import is_trained, run_folder
from tfvma.study.tasks import Run
from tfvma.training.log import read_log


def seconds_left(runs: Sequence[Run], runs_dir: Path, jobs: int) -> float:
    """Seconds until all runs have had their steps or CPU seconds, `jobs` at a time.

    A run that has not begun is taken to cost what its task allows, or what the runs that are
    done have cost on average, and a CPU second to take as long as it has so far.
    """
    latest = {run.name: _latest(runs_dir, run) for run in runs}
    done = {run.name for run in runs if is_trained(runs_dir, run)}
    costs = [latest[name]["cpu_seconds"] for name in done if latest[name]]
    typical = sum(costs) / len(costs) if costs else float("inf")
    left = sum(_cpu_left(run, latest[run.name], typical) for run in runs if run.name not in done)
    begun = [row for row in latest.values() if row]
    cpu = sum(row["cpu_seconds"] for row in begun)
    pace = sum(row["seconds"] for row in begun) / cpu if cpu else 1.0
    return left * pace / jobs


def _latest(runs_dir: Path, run: Run) -> dict[str, float]:
    rows = read_log(run_folder(runs_dir, run) / "log.csv")
    return rows[-1] if rows else {}


def _cpu_left(run: Run, row: dict[str, float], typical: float) -> float:
    if not row:
        return min(run.task.cpu_seconds, typical)
    per_step = row["cpu_seconds"] / row["step"]
    by_steps = (run.config.training.steps - row["step"]) * per_step
    return max(min(run.task.cpu_seconds - row["cpu_seconds"], by_steps), 0.0)
