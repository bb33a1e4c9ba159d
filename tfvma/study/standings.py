"""Who is first: what each estimator reached, and when. Pure functions of the record."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from tfvma.study.tasks import FOUND

# So near to log M the address is found, and what is recalled nearly so.
MARGIN = 1.0
REFERENCE = "vimco"
_BEST = 3


@dataclass(frozen=True)
class Reached:
    """How many seeds reached a goal; steps and CPU seconds are means over those."""

    count: int
    steps: float
    cpu_seconds: float


@dataclass(frozen=True)
class Standing:
    """One estimator on one task, with one K and one learning rate.

    Attributes:
        estimator, num_samples, learning_rate: which.
        seeds: how many runs.
        diverged: how many of them diverged.
        recalled: NLL <= log M + 1; None where nothing is recalled.
        found: the address is right with a probability of at least 0.95.
        steps: a mean over the runs, as the following ones.
        milliseconds: of CPU a step.
        ends: each measurement at the end, a value for each run that did not diverge.
        equal_seconds: CPU seconds that every run of the task had that did not diverge.
        nll_then: of each run that did not diverge, when it had had these.
    """

    estimator: str
    num_samples: int
    learning_rate: float
    seeds: int
    diverged: int
    recalled: Reached | None
    found: Reached
    steps: float
    milliseconds: float
    ends: Mapping[str, tuple[float, ...]]
    equal_seconds: float
    nll_then: tuple[float, ...]

    def mean(self, name: str) -> float:
        """Of a measurement at the end; NaN where every run diverged."""
        values = self.ends[name]
        return fmean(values) if values else math.nan


def standings(task: Mapping) -> list[Standing]:
    """All estimators of a task of the record, the best first; see `merit`."""
    task = timed(task)
    seconds = _equal_seconds(task["runs"])
    groups: dict[tuple[str, int, float], list[Mapping]] = {}
    for run in task["runs"]:
        key = (run["estimator"], run["num_samples"], run["learning_rate"])
        groups.setdefault(key, []).append(run)
    rows = [_standing(*key, runs, task["goal"], seconds) for key, runs in groups.items()]
    return sorted(rows, key=merit)


def merit(standing: Standing) -> tuple[float, ...]:
    """What standings are sorted by: the share of seeds that recalled, and the seconds that these
    took; that found the address, and the seconds; that diverged; the NLL at the end of the others,
    or, where nothing is recalled, after equal seconds.
    """
    parts: list[float] = []
    for goal in (standing.recalled, standing.found):
        if goal is not None and goal.count > 0:
            parts += [-goal.count / standing.seeds, goal.cpu_seconds]
        else:
            parts += [0.0, 0.0]
    values = standing.nll_then if standing.recalled is None else standing.ends["nll"]
    # A mean over the seeds that are left is no match for one over all.
    ending = (standing.diverged / standing.seeds, fmean(values) if values else math.inf)
    return ending if standing.recalled is None else (*parts, *ending)


def best(task: Mapping) -> tuple[str, ...]:
    """The best three estimators of a task, and vimco."""
    first = [row.estimator for row in standings(task)][:_BEST]
    return (*first, *(() if REFERENCE in first else (REFERENCE,)))


def level(task: Mapping) -> list[Standing]:
    """The estimators of a task in which nothing is recalled that cannot be told from the one of
    lowest NLL after equal seconds, since the ranges over their seeds overlap; the one whose
    address is right most often at the end is first. Those with a run that diverged are left out.
    """
    rows = [row for row in standings(task) if not row.diverged]
    tied = [row for row in rows if min(row.nll_then) <= max(rows[0].nll_then)]
    return sorted(tied, key=lambda row: -row.mean("address_accuracy"))


def best_rates(task: Mapping) -> dict[str, float]:
    """The learning rate with which each estimator stands best on a task that tries several."""
    rates: dict[str, float] = {}
    for row in standings(task):
        rates.setdefault(row.estimator, row.learning_rate)
    return rates


def timed(task: Mapping) -> Mapping:
    """A task of the record with the CPU seconds of its runs from their steps, where the cost of a
    step of each estimator was measured (tfvma/study/costs.py); else as it is."""
    costs = task["costs"]
    if not costs:
        return task
    runs = []
    for run in task["runs"]:
        cost = costs[run["estimator"]]
        curve = {**run["curve"], "cpu_seconds": [cost * step for step in run["curve"]["step"]]}
        runs.append({**run, "cpu_seconds": cost * run["step"], "curve": curve})
    return {**task, "runs": runs}


def _equal_seconds(runs: Sequence[Mapping]) -> float:
    return min((run["cpu_seconds"] for run in runs if run["end"] is not None), default=0.0)


def _nll_after(run: Mapping, seconds: float) -> float:
    """Between two validations linearly; before the first as it was then."""
    curve = points(run)
    return float(
        np.interp(
            seconds,
            [point["cpu_seconds"] for point in curve],
            [point["nll"] for point in curve],
        )
    )


def recalls(goal: float) -> Callable[[Mapping], bool]:
    """Whether a point of a curve is within a nat of log M = `goal`."""
    return lambda point: point["nll"] <= goal + MARGIN


def finds(point: Mapping) -> bool:
    """Whether a point of a curve has found the address."""
    return point["address_accuracy"] >= FOUND


def first_point(run: Mapping, reached: Callable[[Mapping], bool]) -> Mapping | None:
    """The first validation of a run at which a goal is reached."""
    return next((point for point in points(run) if reached(point)), None)


def points(run: Mapping) -> list[dict[str, float]]:
    """The validations of a run, and how it ended."""
    curve = run["curve"]
    rows = [dict(zip(curve, values, strict=True)) for values in zip(*curve.values(), strict=True)]
    if run["end"] is not None and (not rows or rows[-1]["step"] < run["step"]):
        measured = {name: run["end"][name] for name in ("nll", "kl_a", "address_accuracy")}
        rows.append({"step": run["step"], "cpu_seconds": run["cpu_seconds"], **measured})
    return rows


def _standing(
    estimator: str,
    num_samples: int,
    learning_rate: float,
    runs: Sequence[Mapping],
    goal: float | None,
    equal_seconds: float,
) -> Standing:
    ended = [run["end"] for run in runs if run["end"] is not None]
    names = ("nll", "kl_a", "kl_z", "address_accuracy", "posterior_error", "entropy_posterior")
    return Standing(
        estimator=estimator,
        num_samples=num_samples,
        learning_rate=learning_rate,
        seeds=len(runs),
        diverged=len(runs) - len(ended),
        recalled=None if goal is None else _reached(runs, recalls(goal)),
        found=_reached(runs, finds),
        steps=fmean(run["step"] for run in runs),
        milliseconds=1000 * fmean(run["cpu_seconds"] / max(run["step"], 1) for run in runs),
        ends={name: tuple(end[name] for end in ended) for name in names},
        equal_seconds=equal_seconds,
        nll_then=tuple(_nll_after(run, equal_seconds) for run in runs if run["end"] is not None),
    )


def _reached(runs: Sequence[Mapping], reached: Callable[[Mapping], bool]) -> Reached:
    first = [point for run in runs if (point := first_point(run, reached)) is not None]
    if not first:
        return Reached(0, math.nan, math.nan)
    return Reached(
        len(first),
        fmean(point["step"] for point in first),
        fmean(point["cpu_seconds"] for point in first),
    )
