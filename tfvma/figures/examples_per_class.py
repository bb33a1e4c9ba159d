"""Models of fewer and more examples per class: where their nats go (paper, figure 4B)."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from tfvma.figures.style import (
    BLUE,
    FONT_SIZE,
    GREY,
    INK,
    ORANGE,
    SMALL,
    VERMILLION,
    new_figure,
    tidy,
)

# Mean and standard error in nats.
Measured = tuple[float, float]
_PANELS = {
    "nll": ("NLL", VERMILLION, 1.0),
    "reconstruction": ("$-$log p(x | a, z)", INK, -1.0),
    "kl_z": ("KL(z)", BLUE, 1.0),
    "kl_a": ("KL(a)", ORANGE, 1.0),
}
_DASHED = (0, (4, 2))


def examples_per_class(
    measured: Mapping[int, Mapping[str, Measured]],
    paper: Mapping[str, tuple[float, float]],
    num_samples: int,
) -> Figure:
    """Draws a panel for the NLL and for each of its three parts.

    Args:
      measured: for each number of examples per class, "nll", "reconstruction" (at most 0),
        "kl_z" and "kl_a" of the model that was trained with so many.
      paper: the paper's figures for the fewest and the most examples, for some of these.
      num_samples: K, for the labels.
    """
    figure = new_figure(height=5.2)
    shots = sorted(measured)
    panels = figure.subplots(2, 2, sharex=True).flat
    for axes, (metric, (name, colour, sign)) in zip(panels, _PANELS.items(), strict=True):
        means, errors = zip(*(measured[count][metric] for count in shots), strict=True)
        axes.errorbar(
            shots,
            [sign * mean for mean in means],
            yerr=errors,
            color=colour,
            marker="o",
            linewidth=1.8,
            capsize=3,
        )
        if metric in paper:
            _draw_paper(axes, *paper[metric])
        axes.margins(x=0.08, y=0.1)
        axes.set_title(name, fontsize=FONT_SIZE, color=colour, loc="left")
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_locator(FixedLocator(shots))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:.0f}"))
        tidy(axes)
    figure.supxlabel("examples per class in memory", fontsize=FONT_SIZE, color=INK)
    figure.supylabel(f"nats per image, K = {num_samples:,}", fontsize=FONT_SIZE, color=INK)
    if paper:
        figure.legend(
            handles=[
                Line2D(
                    [],
                    [],
                    color=GREY,
                    linewidth=1.2,
                    linestyle=_DASHED,
                    label="the paper's models of the fewest and the most examples, K = 4",
                )
            ],
            loc="outside upper left",
            frameon=False,
            fontsize=FONT_SIZE,
        )
    return figure


def _draw_paper(axes: Axes, fewest: float, most: float) -> None:
    """The two ends that the paper prints, named beside the panel, where no curve passes."""
    for words, value in (("fewest", fewest), ("most", most)):
        axes.axhline(value, color=GREY, linewidth=1.2, linestyle=_DASHED)
        axes.annotate(
            f"{value:.1f}\n{words}",
            (1.0, value),
            xycoords=("axes fraction", "data"),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=SMALL - 1,
            color=GREY,
            annotation_clip=False,
        )
