"""Approximate inference over addresses for one target (paper, figure 3)."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from tfvma.figures.style import (
    BLUE,
    FONT_SIZE,
    INK,
    PALE,
    SMALL,
    VERMILLION,
    new_figure,
    show_image,
    tidy,
)

_TOP = 5


def address_histogram(
    target: np.ndarray,
    entries: np.ndarray,
    probabilities: np.ndarray,
    memory_label: np.ndarray,
    target_label: int,
) -> Figure:
    """Draws q(a | x) over all entries, the target and the five most probable entries.

    Args:
      target: [H, W].
      entries: [M, H, W], ordered by label.
      probabilities: [M] q(a | x).
      memory_label: int [M].
      target_label: the label of the target's character, which no entry has where that is not
        in memory.
    """
    same = memory_label == target_label
    colours = np.where(same, BLUE, VERMILLION)
    figure = new_figure(height=3.7)
    grid = figure.add_gridspec(2, 1 + _TOP, height_ratios=[1.25, 1.0])

    bars = figure.add_subplot(grid[0, :])
    places = np.arange(len(entries))
    bars.bar(places, probabilities, width=0.85, color=colours)
    if same.any():
        own = places[same]
        bars.axvspan(own.min() - 0.5, own.max() + 0.5, color=BLUE, alpha=0.1, linewidth=0)
    for boundary in np.flatnonzero(np.diff(memory_label)) + 0.5:
        bars.axvline(boundary, color=PALE, linewidth=0.8)
    labels = np.unique(memory_label)
    bars.set_xticks([places[memory_label == label].mean() for label in labels], labels + 1)
    bars.tick_params(axis="x", length=0)
    bars.set_xlim(-0.5, len(entries) - 0.5)
    bars.set_ylim(0.0, 1.1 * probabilities.max())
    of_each = len(entries) // len(labels)
    bars.set_xlabel(f"character in memory, {of_each} entries of each")
    bars.set_ylabel("q(a | x)")
    tidy(bars)

    axes = figure.add_subplot(grid[1, 0])
    show_image(axes, target, frame=INK, width=2.0)
    axes.set_title("target x", fontsize=FONT_SIZE)
    for column, place in enumerate(np.argsort(-probabilities, kind="stable")[:_TOP]):
        axes = figure.add_subplot(grid[1, 1 + column])
        show_image(axes, entries[place], frame=colours[place], width=2.0)
        axes.set_title(f"{probabilities[place]:.2f}", fontsize=FONT_SIZE, color=colours[place])
        axes.set_xlabel(
            "same" if same[place] else f"no. {memory_label[place] + 1}",
            fontsize=SMALL,
            color=colours[place],
        )
    return figure
