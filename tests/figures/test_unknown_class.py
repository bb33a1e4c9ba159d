"""Histograms hold all targets, in percent, over the same bins."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tfvma.figures.unknown_class import unknown_class


def test_two_histograms_of_each_term():
    rng = np.random.default_rng(0)
    nll = (rng.normal(70.0, 5.0, [10, 8]), rng.normal(85.0, 5.0, [10, 4]))
    entropy = (rng.uniform(0.0, 2.0, [10, 8]), rng.uniform(1.0, 3.0, [10, 4]))
    figure = unknown_class(nll, entropy, (0.9375, 0.75), 4, 32)
    above, below = figure.axes
    for axes, values in ((above, nll), (below, entropy)):
        known, unknown = axes.containers
        for bars in (known, unknown):
            assert sum(bar.get_height() for bar in bars) == pytest.approx(100.0)
        edges = [bar.get_x() for bar in known]
        np.testing.assert_allclose(edges, [bar.get_x() for bar in unknown])
        assert edges[0] == pytest.approx(min(part.min() for part in values))
        counts = np.array([bar.get_height() for bar in unknown]) * values[1].size / 100.0
        np.testing.assert_allclose(counts, np.round(counts), atol=1e-9)
    assert [axes.get_title(loc="right") for axes in figure.axes] == [
        "ROC area 0.938",
        "ROC area 0.750",
    ]
    assert below.lines[0].get_xdata()[0] == pytest.approx(math.log(32))
    assert "K = 4, nats" in above.get_xlabel() and "nats" in below.get_xlabel()
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["character in memory", "character not in memory"]
