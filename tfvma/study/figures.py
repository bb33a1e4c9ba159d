"""Which figures a task of the study has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from matplotlib.figure import Figure

from tfvma.figures.estimator_curves import estimator_curves
from tfvma.figures.estimator_noise import estimator_noise
from tfvma.figures.samples_paid import samples_paid
from tfvma.study.standings import points, standings, timed

_AXES = {"cpu_seconds": "CPU seconds", "step": "training steps"}


def names_of_figures(task: Mapping) -> list[tuple[str, str]]:
    """What each figure shows, and its file."""
    name = task["name"]
    if name == "rates":
        return []
    if name == "samples":
        return [("NLL after equal seconds against K", f"estimators_{name}.png")]
    curves = [
        (f"Held-out NLL against {words}", f"estimators_{name}_{axis}.png")
        for axis, words in _AXES.items()
    ]
    noise = [("Noise of the gradients", f"estimators_{name}_noise.png")]
    return [*curves, *(noise if task["gradients"] else [])]


def figures_of(task: Mapping) -> Iterator[tuple[str, Figure]]:
    """The file of each figure, and the figure."""
    files = [file for _, file in names_of_figures(task)]
    if not files:
        return
    if task["name"] == "samples":
        yield files[0], samples_paid(_nll_by_samples(task), task["cpu_seconds"])
        return
    ranked = [row.estimator for row in standings(task)]
    for file, (axis, words) in zip(files, _AXES.items(), strict=False):
        curves = {
            estimator: [
                [(point[axis], point["nll"]) for point in points(run)]
                for run in timed(task)["runs"]
                if run["estimator"] == estimator
            ]
            for estimator in ranked
        }
        yield file, estimator_curves(curves, words, task["goal"])
    if task["gradients"]:
        yield files[-1], estimator_noise(task["gradients"])


def _nll_by_samples(task: Mapping) -> dict[str, dict[int, tuple[float, ...]]]:
    """For each estimator and each K the NLL at the end of its runs, but for those that diverged."""
    nll: dict[str, dict[int, tuple[float, ...]]] = {}
    for row in sorted(standings(task), key=lambda row: (row.estimator, row.num_samples)):
        nll.setdefault(row.estimator, {})[row.num_samples] = row.ends["nll"]
    return nll
