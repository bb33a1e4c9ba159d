"""Curves are what was measured, and each dashed line starts with its own and grows by log C."""

from __future__ import annotations

import numpy as np

from tfvma.figures.confounders import confounders

NLL = {16: (74.0, 0.4), 1: (70.0, 0.5), 144: (76.5, 0.6)}
OPTIMUM = "NLL at C = 1, plus log C"


def legend_of(axes) -> list[str]:
    (legend,) = axes.figure.legends
    return [text.get_text() for text in legend.get_texts()]


def dashed_in(axes) -> list[np.ndarray]:
    return [line.get_xydata() for line in axes.lines if line.get_linestyle() == "--"]


def solid_in(axes) -> list:
    return [line for line in axes.lines if line.get_linestyle() == "-"]


def test_curve_and_optimum():
    axes = confounders({"this model": NLL}, 4).axes[0]
    (curve,) = solid_in(axes)
    (optimum,) = dashed_in(axes)
    np.testing.assert_allclose(curve.get_xydata(), [(1, 70.0), (16, 74.0), (144, 76.5)])
    (band,) = axes.collections
    edge = {tuple(point) for point in band.get_paths()[0].vertices.tolist()}
    assert {(1, 69.5), (1, 70.5), (16, 73.6), (16, 74.4), (144, 75.9), (144, 77.1)} <= edge
    np.testing.assert_allclose(optimum[:, 0], [1, 16, 144])
    np.testing.assert_allclose(optimum[:, 1], 70.0 + np.log([1, 16, 144]))
    assert "K = 4" in axes.get_ylabel() and "nats" in axes.get_ylabel()
    assert legend_of(axes) == ["this model", OPTIMUM]


def test_second_curve_has_an_optimum_of_its_own():
    soft = {1: (72.0, 0.5), 2: (75.0, 0.5), 16: (90.0, 0.7)}
    axes = confounders({"hard": NLL, "soft": soft}, 4).axes[0]
    of_first, of_second = solid_in(axes)
    np.testing.assert_allclose(of_second.get_xydata(), [(1, 72.0), (2, 75.0), (16, 90.0)])
    of_hard, of_soft = dashed_in(axes)
    np.testing.assert_allclose(of_hard[:, 1], 70.0 + np.log([1, 16, 144]))
    np.testing.assert_allclose(of_soft[:, 1], 72.0 + np.log([1, 2, 16]))
    assert of_first.get_color() != of_second.get_color()
    # Every number of characters of either is on the axis.
    assert list(axes.xaxis.get_major_locator()()) == [1, 2, 16, 144]
    assert legend_of(axes) == ["hard", "soft", OPTIMUM]


def test_what_the_paper_prints_is_marked():
    printed = {"the paper's soft attention": {1: 73.4, 2: 73.4}}
    axes = confounders({"hard": NLL}, 4, printed).axes[0]
    (marks,) = (line for line in axes.lines if line.get_linestyle() == "None")
    np.testing.assert_allclose(marks.get_xydata(), [(1, 73.4), (2, 73.4)])
    assert legend_of(axes) == ["hard", "the paper's soft attention", OPTIMUM]
