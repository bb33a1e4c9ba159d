"""All characters in memory with more and more examples of each (paper, figure 5B)."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from tfvma.figures.style import (
    BLUE,
    FONT_SIZE,
    GREY,
    ORANGE,
    VERMILLION,
    curve_with_error,
    new_figure,
    tidy,
)

_LOOKS = ((VERMILLION, "o"), (BLUE, "s"), (ORANGE, "D"))

# Mean and standard error in nats.
Measured = tuple[float, float]


def all_characters(
    curves: Mapping[int, Mapping[int, Measured]],
    baseline: Measured | None,
    printed: float | None,
    num_samples: int,
) -> Figure:
    """Draws the NLL against the examples of each character in memory, a curve for each model.

    Args:
      curves: for the examples per class that a model was trained with, at most three of them,
        its NLL for each number of examples in memory.
      baseline: that of a VAE, which is drawn at 0 examples; None for none.
      printed: what the paper prints for its VAE; None for nothing.
      num_samples: K, for the label.
    """
    figure = new_figure(height=3.9)
    axes = figure.add_subplot()
    ticks = {0} if baseline is not None or printed is not None else set()
    for trained, (colour, marker) in zip(sorted(curves), _LOOKS, strict=False):
        label = f"trained with {trained} example{'s' if trained > 1 else ''} per class"
        curve_with_error(axes, curves[trained], colour=colour, marker=marker, label=label)
        ticks.update(curves[trained])
    grey = {"color": GREY, "linestyle": "none", "clip_on": False}
    if baseline is not None:
        mean, error = baseline
        axes.errorbar([0], [mean], [error], marker="D", label="VAE, no memory", **grey)
    if printed is not None:
        label = f"the paper's VAE: {printed:g}"
        axes.plot([0], [printed], marker="D", markerfacecolor="white", label=label, **grey)
    axes.set_xticks(sorted(ticks))
    axes.set_xlim(left=-0.4)
    axes.set_xlabel("examples in memory of each of all test characters")
    axes.set_ylabel(f"NLL, K = {num_samples:,}, nats per image")
    tidy(axes)
    axes.legend(loc="upper right", frameon=False, fontsize=FONT_SIZE)
    return figure
