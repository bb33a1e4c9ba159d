"""The histogram shows the probabilities, and the five largest in order."""

from __future__ import annotations

import numpy as np

from tfvma.figures.address_histogram import address_histogram
from tfvma.figures.style import BLUE, VERMILLION


def test_bars_and_top_five():
    probabilities = np.array([0.05, 0.3, 0.1, 0.0, 0.35, 0.2])
    labels = np.array([0, 0, 1, 1, 2, 2])
    entries = np.arange(6)[:, np.newaxis, np.newaxis] / 5.0 * np.ones([6, 3, 3])
    figure = address_histogram(entries[0], entries, probabilities, labels, target_label=0)
    bars, target, *top = figure.axes
    np.testing.assert_allclose([bar.get_height() for bar in bars.patches[:6]], probabilities)
    assert [tick.get_text() for tick in bars.get_xticklabels()] == ["1", "2", "3"]
    assert target.get_title() == "target x"
    shown = [float(axes.images[0].get_array()[0, 0]) for axes in top]
    np.testing.assert_allclose(shown, np.array([4, 1, 5, 2, 0]) / 5.0)
    assert [axes.get_title() for axes in top] == ["0.35", "0.30", "0.20", "0.10", "0.05"]
    assert [axes.get_xlabel() for axes in top] == ["no. 3", "same", "no. 3", "no. 2", "same"]
    colours = [axes.title.get_color() for axes in top]
    assert colours == [VERMILLION, BLUE, VERMILLION, VERMILLION, BLUE]


def test_without_the_targets_character_all_are_others():
    probabilities = np.array([0.05, 0.3, 0.1, 0.0, 0.35, 0.2])
    labels = np.array([0, 0, 1, 1, 2, 2])
    figure = address_histogram(
        np.zeros([3, 3]), np.zeros([6, 3, 3]), probabilities, labels, target_label=3
    )
    bars, _, *top = figure.axes
    assert bars.get_xlabel() == "character in memory, 2 entries of each"
    assert [axes.get_xlabel() for axes in top] == ["no. 3", "no. 1", "no. 3", "no. 2", "no. 1"]
    assert {axes.title.get_color() for axes in top} == {VERMILLION}
    # No bar is of the target's character, nor is a part of the axis shaded.
    assert len(bars.patches) == 6
