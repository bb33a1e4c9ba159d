"""What more samples are worth: the NLL after equal seconds against K."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from tfvma.figures.style import BLUE, FONT_SIZE, ORANGE, VERMILLION, new_figure, tidy

_COLOURS = (BLUE, VERMILLION, ORANGE)


def samples_paid(nll: Mapping[str, Sequence[tuple[int, float]]], cpu_seconds: float) -> Figure:
    """Draws a line for each estimator; K whose runs diverged are left out.

    Args:
      nll: for each of at most three estimators, K and the held-out NLL in nats, or NaN.
      cpu_seconds: that each run had.
    """
    figure = new_figure(height=3.0)
    axes = figure.add_subplot()
    for (name, pairs), colour in zip(nll.items(), _COLOURS, strict=False):
        measured = [pair for pair in pairs if not math.isnan(pair[1])]
        if measured:
            axes.plot(*zip(*measured, strict=True), "o-", color=colour, linewidth=1.8)
            axes.annotate(
                name.replace("_", " "),
                measured[-1],
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                color=colour,
                fontsize=FONT_SIZE,
                annotation_clip=False,
            )
    ticks = sorted({num_samples for pairs in nll.values() for num_samples, _ in pairs})
    axes.set_xscale("log", base=2)
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel("K, samples per target")
    axes.set_ylabel(f"held-out NLL after {cpu_seconds:g} CPU s,\nnats per image")
    tidy(axes)
    return figure
