"""Rows of samples that have no drawing beside them."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from tfvma.figures.style import PALE, WIDTH, new_figure, show_image


def samples_in_rows(samples: np.ndarray) -> Figure:
    """Draws samples of p(x).

    Args:
      samples: [R, N, H, W] pixel probabilities.
    """
    rows, columns = samples.shape[:2]
    figure = new_figure(height=WIDTH * rows / columns)
    figure.get_layout_engine().set(w_pad=0.015, h_pad=0.015, wspace=0, hspace=0)
    grid = figure.add_gridspec(rows, columns)
    for row in range(rows):
        for column in range(columns):
            axes = figure.add_subplot(grid[row, column])
            show_image(axes, samples[row, column], frame=PALE, width=0.6)
    return figure
