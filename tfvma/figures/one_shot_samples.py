"""One-shot samples, a row for each memory entry (paper, figure 4A)."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from tfvma.figures.style import BLUE, FONT_SIZE, PALE, WIDTH, new_figure, show_image


def one_shot_samples(entries: np.ndarray, samples: np.ndarray) -> Figure:
    """Draws each entry m_a, framed, and beside it samples of p(x | m_a).

    Args:
      entries: [R, H, W] drawings in memory.
      samples: [R, N, H, W] pixel probabilities.
    """
    rows, columns = samples.shape[:2]
    # A narrow empty column sets the entries apart.
    widths = [1.0, 0.15, *[1.0] * columns]
    figure = new_figure(height=WIDTH * rows / sum(widths) + 0.3)
    figure.get_layout_engine().set(w_pad=0.015, h_pad=0.015, wspace=0, hspace=0)
    grid = figure.add_gridspec(rows, len(widths), width_ratios=widths)
    for row in range(rows):
        show_image(figure.add_subplot(grid[row, 0]), entries[row], frame=BLUE, width=1.8)
        for column in range(columns):
            axes = figure.add_subplot(grid[row, column + 2])
            show_image(axes, samples[row, column], frame=PALE, width=0.6)
    figure.axes[0].set_title("entry", loc="left", fontsize=FONT_SIZE, color=BLUE)
    figure.axes[1].set_title("samples", loc="left", fontsize=FONT_SIZE)
    return figure
