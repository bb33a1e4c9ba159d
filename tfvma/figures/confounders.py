"""More and more characters in memory (paper, figure 5A)."""

from __future__ import annotations

import types
from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from tfvma.figures.style import (
    BLUE,
    FONT_SIZE,
    GREY,
    INK,
    ORANGE,
    VERMILLION,
    curve_with_error,
    new_figure,
    tidy,
)

# The first is the model that the figure is about; others are what it is compared with.
_LOOKS = ((BLUE, "o"), (VERMILLION, "s"), (ORANGE, "D"))
_DASHED = (0, (4, 2))
_OPTIMUM = "NLL at C = 1, plus log C"


def confounders(
    curves: Mapping[str, Mapping[int, tuple[float, float]]],
    num_samples: int,
    printed: Mapping[str, Mapping[int, float]] = types.MappingProxyType({}),
) -> Figure:
    """Draws the NLL against the number of characters C, and (NLL at C = 1) + log C, dashed.

    The dashed line is what a model would have that knows the character of each target among
    disjoint ones no sooner and no later than it must.

    Args:
      curves: of one to three models by what they are called: mean and standard error in nats
        for each C; C = 1 is among them.
      num_samples: K, for the label.
      printed: what the paper prints, and of what, for some C.
    """
    figure = new_figure(height=3.4 + 0.2 * (len(curves) + len(printed)))
    axes = figure.add_subplot()
    for (name, nll), (colour, marker) in zip(curves.items(), _LOOKS[: len(curves)], strict=True):
        curve_with_error(axes, nll, colour=colour, marker=marker, label=name)
        counts = np.array(sorted(nll))
        optimum = nll[1][0] + np.log(counts)
        axes.plot(counts, optimum, color=colour, linestyle=_DASHED, linewidth=1.2, alpha=0.8)
    for words, figures in printed.items():
        axes.plot(
            *zip(*figures.items(), strict=True),
            color=INK,
            marker="x",
            markersize=7,
            linestyle="none",
            label=words,
        )
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(sorted(set().union(*curves.values()))))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
    axes.set_xlabel("characters in memory, C")
    axes.set_ylabel(f"NLL, K = {num_samples:,}, nats per image")
    tidy(axes)
    handles, _ = axes.get_legend_handles_labels()
    dashed = Line2D([], [], color=GREY, linestyle=_DASHED, linewidth=1.2, label=_OPTIMUM)
    figure.legend(
        handles=[*handles, dashed], loc="outside upper left", frameon=False, fontsize=FONT_SIZE
    )
    return figure
