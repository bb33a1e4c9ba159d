"""How controls find the address while they learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from tfvma.figures.style import (
    BLUE,
    FONT_SIZE,
    GREEN,
    INK,
    ORANGE,
    PINK,
    SMALL,
    VERMILLION,
    new_figure,
    steps_below,
    tidy,
)

# The reference first.
_LOOKS = (
    {"color": VERMILLION, "linewidth": 2.6},
    {"color": BLUE, "linestyle": "--"},
    {"color": ORANGE},
    {"color": GREEN},
    {"color": PINK},
)

Log = Sequence[Mapping[str, float]]


def control_curves(logs: Mapping[str, Log], chance: float) -> Figure:
    """Draws how often the most likely entry is of the target's character above, KL(a) below.

    Args:
        logs: for each model, the reference first and at most five, rows with "step",
            "address_accuracy" and "kl_a" of training.
        chance: of an entry of the target's character, marked above.
    """
    figure = new_figure(height=5.4)
    above, below = figure.subplots(2, 1, sharex=True)
    for axes, column in ((above, "address_accuracy"), (below, "kl_a")):
        for (name, log), look in zip(logs.items(), _LOOKS, strict=False):
            curve = [(row["step"], row[column]) for row in log if column in row]
            if curve:
                axes.plot(*zip(*curve, strict=True), **{"linewidth": 1.6, **look}, label=name)
        axes.set_ylim(bottom=0.0)
        tidy(axes)
    above.axhline(chance, color=INK, linewidth=1.0, linestyle=":")
    above.annotate(
        "chance",
        (1.0, chance),
        xycoords=("axes fraction", "data"),
        xytext=(0, -3),
        textcoords="offset points",
        ha="right",
        va="top",
        color=INK,
        fontsize=SMALL,
    )
    above.set_ylim(top=1.0)
    above.yaxis.set_major_formatter(PercentFormatter(1.0))
    above.set_ylabel("address right, training")
    below.set_ylabel("KL(a), nats, training")
    steps_below(below)
    handles, labels = above.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper left", ncols=2, frameon=False, fontsize=FONT_SIZE
    )
    return figure
