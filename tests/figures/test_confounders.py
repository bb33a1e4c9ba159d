"""Curves are what was measured, and each dashed line starts with its own and grows by log C."""

from __future__ import annotations

import numpy as np

from tfvma.figures.confounders import confounders

NLL = {16: (74.0, 0.4), 1: (70.0, 0.5), 144: (76.5, 0.6)}
OPTIMUM = "NLL at C = 1, plus log C"


def legend_of(axes) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def dashed_in(axes) -> list[np.ndarray]:
    return [line.get_xydata() for line in axes.lines if line.get_linestyle() == "--"]


def test_curve_and_optimum():
    axes = confounders({"this model": NLL}, 4).axes[0]
    (bars,) = axes.containers
    (optimum,) = dashed_in(axes)
    np.testing.assert_allclose(bars.lines[0].get_xydata(), [(1, 70.0), (16, 74.0), (144, 76.5)])
    np.testing.assert_allclose(optimum[:, 0], [1, 16, 144])
    np.testing.assert_allclose(optimum[:, 1], 70.0 + np.log([1, 16, 144]))
    assert "K = 4" in axes.get_ylabel() and "nats" in axes.get_ylabel()
    assert legend_of(axes) == ["this model", OPTIMUM]


def test_second_curve_has_an_optimum_of_its_own():
    soft = {1: (72.0, 0.5), 2: (75.0, 0.5), 16: (90.0, 0.7)}
    axes = confounders({"hard": NLL, "soft": soft}, 4).axes[0]
    hard_bars, soft_bars = axes.containers
    np.testing.assert_allclose(soft_bars.lines[0].get_xydata(), [(1, 72.0), (2, 75.0), (16, 90.0)])
    of_hard, of_soft = dashed_in(axes)
    np.testing.assert_allclose(of_hard[:, 1], 70.0 + np.log([1, 16, 144]))
    np.testing.assert_allclose(of_soft[:, 1], 72.0 + np.log([1, 2, 16]))
    assert hard_bars.lines[0].get_color() != soft_bars.lines[0].get_color()
    # Every number of characters of either is on the axis.
    assert list(axes.xaxis.get_major_locator()()) == [1, 2, 16, 144]
    assert legend_of(axes) == ["hard", "soft", OPTIMUM]
