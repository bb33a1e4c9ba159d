"""What more samples cost and save: seconds to a goal against K."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from tfvma.figures.style import BLUE, FONT_SIZE, ORANGE, VERMILLION, new_figure, tidy

_COLOURS = (BLUE, VERMILLION, ORANGE)


def samples_paid(seconds: Mapping[str, Sequence[tuple[int, float]]], goal: float) -> Figure:
    """Draws a line for each estimator; K that did not reach the goal are left out.

    Args:
      seconds: for each of at most three estimators, K and the CPU seconds, NaN for never.
      goal: the NLL, in nats.
    """
    figure = new_figure(height=3.0)
    axes = figure.add_subplot()
    for (name, pairs), colour in zip(seconds.items(), _COLOURS, strict=False):
        reached = [pair for pair in pairs if not math.isnan(pair[1])]
        if reached:
            axes.plot(*zip(*reached, strict=True), "o-", color=colour, linewidth=1.8)
            axes.annotate(
                name.replace("_", " "),
                reached[-1],
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                color=colour,
                fontsize=FONT_SIZE,
                annotation_clip=False,
            )
    ticks = sorted({num_samples for pairs in seconds.values() for num_samples, _ in pairs})
    axes.set_xscale("log", base=2)
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel("K, samples per target")
    axes.set_ylabel(f"CPU seconds to {goal:.2f} nats")
    tidy(axes)
    return figure
