"""More and more characters in memory (paper, figure 5A)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from tfvma.figures.style import BLUE, FONT_SIZE, GREY, new_figure, tidy


def confounders(nll: Mapping[int, tuple[float, float]], num_samples: int) -> Figure:
    """Draws the NLL against the number of characters C, and (NLL at C = 1) + log C, dashed.

    The dashed line is what a model would have that knows the character of each target among
    disjoint ones no sooner and no later than it must.

    Args:
      nll: mean and standard error in nats, for each C; C = 1 is among them.
      num_samples: K, for the label.
    """
    figure = new_figure(height=3.6)
    axes = figure.add_subplot()
    counts = np.array(sorted(nll))
    means, errors = np.array([nll[count] for count in counts]).T
    axes.errorbar(counts, means, yerr=errors, color=BLUE, marker="o", linewidth=1.8, capsize=3)
    optimum = means[0] + np.log(counts)
    axes.plot(counts, optimum, color=GREY, linestyle=(0, (4, 2)), linewidth=1.6)
    for label, heights, colour, side in (
        ("this model", means, BLUE, 1 if means[-1] > optimum[-1] else -1),
        ("optimum", optimum, GREY, 1 if means[-1] <= optimum[-1] else -1),
    ):
        axes.annotate(
            label,
            (counts[-1], heights[-1]),
            xytext=(-6, 12 * side),
            textcoords="offset points",
            ha="right",
            va="bottom" if side > 0 else "top",
            color=colour,
            fontsize=FONT_SIZE,
        )
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(counts))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
    axes.set_xlabel("characters in memory, C")
    axes.set_ylabel(f"NLL, K = {num_samples:,}, nats per image")
    tidy(axes)
    return figure
