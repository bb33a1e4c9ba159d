"""Learning curves: the bound and the two divergences against training steps."""

from __future__ import annotations

import math
import types
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from tfvma.figures.style import (
    BLUE,
    FONT_SIZE,
    GREY,
    INK,
    ORANGE,
    SMALL,
    VERMILLION,
    new_figure,
    steps_below,
    tidy,
)

# The first steps fall by hundreds of nats and would flatten the rest.
_SKIPPED = 0.05
_TRAINING = {"linewidth": 1.2, "linestyle": (0, (3, 1.5)), "alpha": 0.8}
_HELD_OUT = {"linewidth": 2.2, "linestyle": "-"}

Curve = list[tuple[float, float]]


def learning_curves(
    log: Sequence[Mapping[str, float]],
    num_samples: int,
    memory_size: int | None = None,
    recalled: bool = False,
    printed: Mapping[str, float] = types.MappingProxyType({}),
) -> Figure:
    """Draws NLL = -L_K above, KL(z) and KL(a) below; training and held out (paper, figure 2A).

    Args:
      log: rows with "step" and some of iw_bound, kl_z, kl_a and the same with "val_".
      num_samples: K in training, for the label.
      memory_size: M, whose logarithm is marked below; None to mark nothing.
      recalled: whether targets are in memory, so that a lookup table has an NLL of log M too,
        which is marked above.
      printed: what its NLL is to be compared with, marked above, and where.
    """
    figure = new_figure(height=5.4)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[1.3, 1.0])

    curves = _draw(above, log, "iw_bound", -1.0, VERMILLION, "NLL")
    marks_below = {}
    if memory_size is not None:
        marks_below = {f"log M = {math.log(memory_size):.2f}": math.log(memory_size)}
    marks_above = {**(marks_below if recalled else {}), **printed}
    if recalled:
        # From what all pixels cost to what one address does, both of which matter.
        above.set_yscale("log")
        above.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        above.yaxis.set_major_formatter(FuncFormatter(lambda nats, _: f"{nats:g}"))
        above.yaxis.set_minor_formatter(NullFormatter())
        above.margins(y=0.12)
    else:
        _zoom(above, curves, _SKIPPED * max(row["step"] for row in log), marks_above.values())
    above.set_ylabel(f"nats per image, K = {num_samples}")

    _draw(below, log, "kl_z", 1.0, BLUE, "KL(z)")
    _draw(below, log, "kl_a", 1.0, ORANGE, "KL(a)")
    last = max(row["step"] for row in log)
    passing = [np.interp(last / 2, *zip(*curve, strict=True)) for curve in curves]
    for words, value in marks_above.items():
        # Below what passes them the words are in nobody's way.
        _mark(above, words, value, last, beneath=value <= min(passing, default=math.inf))
    for words, value in marks_below.items():
        _mark(below, words, value, last)
    # Room for the name of a curve that ends at 0.
    below.set_ylim(bottom=-0.06 * below.get_ylim()[1])
    below.set_ylabel("nats per image")
    steps_below(below)

    tidy(above)
    tidy(below)
    figure.legend(
        handles=[
            Line2D([], [], color=GREY, label="training", **_TRAINING),
            Line2D([], [], color=GREY, label="held out", **_HELD_OUT),
        ],
        loc="outside upper left",
        ncols=2,
        frameon=False,
        fontsize=FONT_SIZE,
    )
    return figure


def _draw(
    axes: Axes,
    log: Sequence[Mapping[str, float]],
    column: str,
    sign: float,
    colour: str,
    label: str,
) -> list[Curve]:
    """Draws a metric and its held-out twin, named at their end; returns what was drawn."""
    curves = []
    for name, look in ((column, _TRAINING), (f"val_{column}", _HELD_OUT)):
        curve = [(row["step"], sign * row[name]) for row in log if name in row]
        if curve:
            axes.plot(*zip(*curve, strict=True), color=colour, **look)
            curves.append(curve)
    if curves:
        axes.annotate(
            label,
            max(curve[-1] for curve in curves),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            fontsize=FONT_SIZE,
            annotation_clip=False,
        )
    return curves


def _mark(axes: Axes, words: str, value: float, last: float, beneath: bool = False) -> None:
    # What lies beyond the last step are the names of curves.
    axes.plot([0.0, last], [value, value], color=INK, linewidth=1.0, linestyle=":")
    # Curves begin steeply at the left and are named at the right.
    axes.annotate(
        words,
        (0.5, value),
        xycoords=("axes fraction", "data"),
        xytext=(0, -4 if beneath else 3),
        textcoords="offset points",
        ha="center",
        va="top" if beneath else "baseline",
        color=INK,
        fontsize=SMALL,
        path_effects=[withStroke(linewidth=3.0, foreground="white")],
    )


def _zoom(axes: Axes, curves: Sequence[Curve], first: float, marked: Collection[float]) -> None:
    """Fits the vertical range to what follows the step `first`, and to what is marked."""
    values = [value for curve in curves for step, value in curve if step >= first]
    if values:
        values += [*marked]
        margin = 0.08 * (max(values) - min(values)) + 0.5
        axes.set_ylim(min(values) - margin, max(values) + margin)
