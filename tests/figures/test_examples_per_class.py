"""Panels show what was measured, and the paper's two ends."""

from __future__ import annotations

import numpy as np

from tfvma.figures.examples_per_class import examples_per_class

MEASURED = {
    16: {"nll": (74.0, 1.0), "reconstruction": (-60.0, 0.9), "kl_z": (20.0, 0.1), "kl_a": (4, 0.2)},
    1: {"nll": (80.0, 1.1), "reconstruction": (-62.0, 0.8), "kl_z": (24.0, 0.3), "kl_a": (2, 0.1)},
}


def test_each_term_has_a_panel_and_the_paper_its_lines():
    panels = examples_per_class(MEASURED, {"nll": (75.1, 69.1)}, 4).axes
    drawn = {}
    for axes in panels:
        (bars,) = axes.containers
        drawn[axes.get_title(loc="left")] = bars.lines[0].get_xydata()
    expected = {
        "NLL": [(1, 80.0), (16, 74.0)],
        "$-$log p(x | a, z)": [(1, 62.0), (16, 60.0)],
        "KL(z)": [(1, 24.0), (16, 20.0)],
        "KL(a)": [(1, 2.0), (16, 4.0)],
    }
    assert drawn.keys() == expected.keys()
    for name, points in expected.items():
        np.testing.assert_allclose(drawn[name], points)
    assert [text.get_text() for text in panels[0].texts] == ["75.1\nfewest", "69.1\nmost"]
    lines = {tuple(line.get_ydata()) for line in panels[0].lines}
    assert {(75.1, 75.1), (69.1, 69.1)} <= lines
    assert not panels[1].texts


def test_axes_are_named_and_have_units():
    figure = examples_per_class(MEASURED, {}, 1_000)
    assert figure.get_supxlabel() == "examples per class in memory"
    assert figure.get_supylabel() == "nats per image, K = 1,000"
    assert not figure.legends
