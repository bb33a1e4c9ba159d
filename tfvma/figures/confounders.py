"""More and more characters in memory (paper, figure 5A)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from tfvma.figures.style import BLUE, FONT_SIZE, GREY, ORANGE, VERMILLION, new_figure, tidy

# The first is the model that the figure is about; others are what it is compared with.
_LOOKS = ((BLUE, "o"), (VERMILLION, "s"), (ORANGE, "D"))
_DASHED = (0, (4, 2))
_OPTIMUM = "NLL at C = 1, plus log C"


def confounders(
    curves: Mapping[str, Mapping[int, tuple[float, float]]], num_samples: int
) -> Figure:
    """Draws the NLL against the number of characters C, and (NLL at C = 1) + log C, dashed.

    The dashed line is what a model would have that knows the character of each target among
    disjoint ones no sooner and no later than it must.

    Args:
      curves: of one to three models by what they are called: mean and standard error in nats
        for each C; C = 1 is among them.
      num_samples: K, for the label.
    """
    figure = new_figure(height=3.6)
    axes = figure.add_subplot()
    for (name, nll), (colour, marker) in zip(curves.items(), _LOOKS[: len(curves)], strict=True):
        counts = np.array(sorted(nll))
        means, errors = np.array([nll[count] for count in counts]).T
        axes.errorbar(
            counts,
            means,
            yerr=errors,
            color=colour,
            marker=marker,
            linewidth=1.8,
            capsize=3,
            label=name,
        )
        optimum = means[0] + np.log(counts)
        axes.plot(counts, optimum, color=colour, linestyle=_DASHED, linewidth=1.2, alpha=0.8)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(sorted(set().union(*curves.values()))))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
    axes.set_xlabel("characters in memory, C")
    axes.set_ylabel(f"NLL, K = {num_samples:,}, nats per image")
    tidy(axes)
    handles, _ = axes.get_legend_handles_labels()
    dashed = Line2D([], [], color=GREY, linestyle=_DASHED, linewidth=1.2, label=_OPTIMUM)
    axes.legend(handles=[*handles, dashed], loc="upper left", frameon=False, fontsize=FONT_SIZE)
    return figure
