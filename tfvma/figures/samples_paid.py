"""What more samples are worth: the NLL after equal seconds against K."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from tfvma.figures.style import BLUE, FONT_SIZE, ORANGE, VERMILLION, new_figure, tidy

_COLOURS = (BLUE, VERMILLION, ORANGE)


def samples_paid(nll: Mapping[str, Mapping[int, Sequence[float]]], cpu_seconds: float) -> Figure:
    """Draws a line through the means of each estimator and a dot for each run.

    Args:
      nll: for each of at most three estimators and each K the held-out NLL of its runs, in nats;
        none where all diverged.
      cpu_seconds: that each run had.
    """
    figure = new_figure(height=3.0)
    axes = figure.add_subplot()
    for (name, runs), colour in zip(nll.items(), _COLOURS, strict=False):
        means = [(num_samples, fmean(values)) for num_samples, values in runs.items() if values]
        if means:
            axes.plot(*zip(*means, strict=True), color=colour, linewidth=1.8)
            each = [(num_samples, value) for num_samples in runs for value in runs[num_samples]]
            axes.plot(*zip(*each, strict=True), "o", color=colour, markersize=4, alpha=0.6)
            axes.annotate(
                name.replace("_", " "),
                means[-1],
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                color=colour,
                fontsize=FONT_SIZE,
                annotation_clip=False,
            )
    ticks = sorted({num_samples for runs in nll.values() for num_samples in runs})
    axes.set_xscale("log", base=2)
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel("K, samples per target")
    axes.set_ylabel(f"held-out NLL after {cpu_seconds:g} CPU s,\nnats per image")
    tidy(axes)
    return figure
