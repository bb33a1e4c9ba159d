"""Signal and noise of the address' gradient, estimator by estimator, at the same weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from tfvma.figures.style import BLUE, FONT_SIZE, INK, ORANGE, SMALL, VERMILLION, new_figure, tidy

_COLOURS = (BLUE, ORANGE, VERMILLION)
_MARKS = ("o", "s", "D")


def estimator_noise(rows: Sequence[Mapping]) -> Figure:
    """Draws a dot for each estimator and step; the highest signal at the last step on top.

    Where a gradient does not vary there is neither a ratio nor a logarithm, and no dot.

    Args:
      rows: with "estimator", "step" (at most three of them), "snr_addressing" and
        "variance_addressing".
    """
    steps = sorted({row["step"] for row in rows})
    last = {
        row["estimator"]: row["snr_addressing"] or 0.0 for row in rows if row["step"] == steps[-1]
    }
    order = sorted(last, key=last.get)
    figure = new_figure(height=0.27 * len(order) + 1.3)
    left, right = figure.subplots(1, 2, sharey=True)
    for step, colour, mark in zip(steps, _COLOURS, _MARKS, strict=False):
        at_step = {row["estimator"]: row for row in rows if row["step"] == step}
        for axes, column in ((left, "snr_addressing"), (right, "variance_addressing")):
            names = [name for name in order if name in at_step and at_step[name][column]]
            axes.plot(
                [at_step[name][column] for name in names],
                [order.index(name) for name in names],
                mark,
                color=colour,
                markersize=5,
                label=f"step {step:,}" if axes is left else None,
            )
    left.set_yticks(range(len(order)), [name.replace("_", " ") for name in order])
    left.set_xlabel("signal-to-noise ratio")
    right.set_xlabel("variance")
    for axes in (left, right):
        axes.set_xscale("log")
        tidy(axes)
        axes.tick_params(axis="y", labelsize=SMALL - 1, labelcolor=INK)
    figure.legend(loc="outside upper left", ncols=3, frameon=False, fontsize=FONT_SIZE)
    return figure
