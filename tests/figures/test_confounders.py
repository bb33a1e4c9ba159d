"""The curve is what was measured, and the dashed line starts with it and grows by log C."""

from __future__ import annotations

import numpy as np

from tfvma.figures.confounders import confounders


def test_curve_and_optimum():
    nll = {16: (74.0, 0.4), 1: (70.0, 0.5), 144: (76.5, 0.6)}
    axes = confounders(nll, 4).axes[0]
    measured, optimum = (line.get_xydata() for line in axes.lines if len(line.get_xdata()) == 3)
    np.testing.assert_allclose(measured, [(1, 70.0), (16, 74.0), (144, 76.5)])
    np.testing.assert_allclose(optimum[:, 0], [1, 16, 144])
    np.testing.assert_allclose(optimum[:, 1], 70.0 + np.log([1, 16, 144]))
    assert "K = 4" in axes.get_ylabel() and "nats" in axes.get_ylabel()
    labels = {text.get_text() for text in axes.texts}
    assert labels == {"this model", "optimum"}
