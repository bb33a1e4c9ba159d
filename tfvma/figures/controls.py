"""What each choice of the paper is worth: the same model with one of them changed at a time."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfvma.figures.style import BLUE, GREY, INK, SMALL, VERMILLION, new_figure, tidy

# Text does not shrink with the range, so that one step is not enough.
_WIDENINGS = 20


def controls(
    nll: Mapping[str, tuple[float, float]], right: Mapping[str, float], num_samples: int
) -> Figure:
    """Draws a line for each model, from the top, with its NLL; the first is the reference.

    Args:
      nll: mean and standard error in nats by what was changed; the reference is the first.
      right: for how many targets, from 0 to 1, the address is right, where that is known: an NLL
        says little of a choice where the address was never found.
      num_samples: K, for the label.
    """
    figure = new_figure(height=0.9 + 0.38 * len(nll))
    axes = figure.add_subplot()
    for level, (change, (mean, error)) in enumerate(nll.items()):
        colour = VERMILLION if level == 0 else BLUE
        axes.errorbar(mean, level, xerr=error, color=colour, marker="o", capsize=3)
        axes.annotate(
            f"{mean:.1f}" + (f", address right {right[change]:.0%}" if change in right else ""),
            (mean + error, level),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=SMALL,
            color=INK,
        )
    reference, _ = next(iter(nll.values()))
    axes.axvline(reference, color=GREY, linewidth=1.0, linestyle=(0, (4, 2)), zorder=0)
    axes.set_yticks(range(len(nll)), list(nll))
    axes.set_ylim(len(nll) - 0.5, -0.7)
    axes.set_xlabel(f"NLL, K = {num_samples:,}, nats per image (lower is better)")
    tidy(axes)
    axes.grid(visible=False)
    _make_room(figure, axes)
    return figure


def _make_room(figure: Figure, axes: Axes) -> None:
    """Widens the range until all that is written beside points lies within the axes."""
    for _ in range(_WIDENINGS):
        figure.draw_without_rendering()
        over = max(text.get_window_extent().x1 for text in axes.texts) - axes.bbox.x1
        if over <= 0:
            return
        left, right = axes.get_xlim()
        axes.set_xlim(left, right + (right - left) * 1.2 * over / axes.bbox.width)
