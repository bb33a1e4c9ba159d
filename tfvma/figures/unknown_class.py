"""The bound and q(a | x) with the target's character in memory, and without."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfvma.figures.style import BLUE, FONT_SIZE, GREY, INK, SMALL, VERMILLION, new_figure, tidy

_BINS = 32


def unknown_class(
    nll: tuple[np.ndarray, np.ndarray],
    entropy: tuple[np.ndarray, np.ndarray],
    areas: tuple[float, float],
    num_samples: int,
    memory_size: int,
) -> Figure:
    """Draws two histograms of the NLL above, and two of the entropy of q(a | x) below.

    Args:
      nll: of each target with its character in memory, and without; nats, any shape.
      entropy: of q(a | x), the same.
      areas: under the ROC curves of the two.
      num_samples: K, for the label.
      memory_size: M; the entropy is at most log M.
    """
    figure = new_figure(height=5.0)
    above, below = figure.subplots(2, 1)
    _draw(above, nll, areas[0])
    above.set_xlabel(f"NLL, K = {num_samples:,}, nats per image")
    _draw(below, entropy, areas[1])
    below.axvline(math.log(memory_size), color=GREY, linewidth=1.2, linestyle=(0, (4, 2)))
    below.annotate(
        f"log {memory_size:,}",
        (math.log(memory_size), 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(-4, 0),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=SMALL,
        color=GREY,
    )
    below.set_xlabel("entropy of q(a | x), nats")
    figure.legend(
        *above.get_legend_handles_labels(),
        loc="outside upper left",
        ncols=2,
        frameon=False,
        fontsize=FONT_SIZE,
    )
    return figure


def _draw(axes: Axes, values: tuple[np.ndarray, np.ndarray], area: float) -> None:
    bins = np.histogram_bin_edges(np.concatenate([part.ravel() for part in values]), _BINS)
    for part, colour, label in zip(
        values,
        (BLUE, VERMILLION),
        ("character in memory", "character not in memory"),
        strict=True,
    ):
        percent, _, _ = axes.hist(
            part.ravel(),
            bins,
            weights=np.full(part.size, 100.0 / part.size),
            color=colour,
            alpha=0.3,
            label=label,
        )
        axes.stairs(percent, bins, color=colour, linewidth=1.6)
    axes.set_title(f"ROC area {area:.3f}", fontsize=FONT_SIZE, color=INK, loc="right")
    axes.set_ylabel("targets, %")
    tidy(axes)
