"""Targets, the entries that were read for them, and what was made of both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from tfvma.figures.style import (
    BLUE,
    FONT_SIZE,
    GREY,
    INK,
    VERMILLION,
    WIDTH,
    new_figure,
    show_image,
)


def reconstructions(
    targets: np.ndarray, entries: np.ndarray, images: np.ndarray, right: np.ndarray
) -> Figure:
    """Draws a column for each target: x, then for each sample m_a and p(x | m_a, z).

    Args:
      targets: [B, H, W].
      entries: [K, B, H, W], m_a with a ~ q(a | x).
      images: [K, B, H, W], pixel probabilities with z ~ q(z | m_a, x).
      right: bool [K, B], whether the entry shows the target's character.
    """
    rows = [_framed("target x", targets, INK)]
    for sample, image, ok in zip(entries, images, right, strict=True):
        rows.append(("entry read", sample, np.where(ok, BLUE, VERMILLION)))
        rows.append(_framed("reconstruction", image, GREY))
    return _columns(rows)


def plain_reconstructions(targets: np.ndarray, images: np.ndarray) -> Figure:
    """Draws a column for each target: x, then p(x | z) for each sample.

    Args:
      targets: [B, H, W].
      images: [K, B, H, W], pixel probabilities with z ~ q(z | x).
    """
    return _columns(
        [
            _framed("target x", targets, INK),
            *(_framed("reconstruction", image, GREY) for image in images),
        ]
    )


# A name, pictures [B, H, W] and the colour of the frame of each.
_Row = tuple[str, np.ndarray, Sequence[str]]


def _framed(name: str, pictures: np.ndarray, frame: str) -> _Row:
    return name, pictures, [frame] * len(pictures)


def _columns(rows: Sequence[_Row]) -> Figure:
    columns = len(rows[0][1])
    figure = new_figure(height=(WIDTH - 1.1) * len(rows) / columns)
    figure.get_layout_engine().set(w_pad=0.015, h_pad=0.015, wspace=0, hspace=0)
    grid = figure.add_gridspec(len(rows), columns)
    for row, (name, pictures, frames) in enumerate(rows):
        for column, (picture, frame) in enumerate(zip(pictures, frames, strict=True)):
            axes = figure.add_subplot(grid[row, column])
            show_image(axes, picture, frame=frame, width=1.4)
            if column == 0:
                axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=FONT_SIZE)
    return figure
