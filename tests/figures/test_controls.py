"""Each line is what was measured; the reference is the first and marked."""

from __future__ import annotations

import numpy as np

from tfvma.figures.controls import controls

NLL = {"as it is": (84.0, 0.5), "flat p(a)": (84.5, 0.4), "tied": (83.2, 0.6)}


def test_what_is_written_lies_within_the_axes():
    long = {"one key for entries and queries": (102.1, 1.2), "cosine": (106.3, 1.2)}
    figure = controls(long, dict.fromkeys(long, 0.5), 4)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    assert all(text.get_window_extent().x1 <= axes.bbox.x1 for text in axes.texts)


def test_models_from_the_top_with_the_reference_marked():
    figure = controls(NLL, {"as it is": 0.714, "tied": 0.125}, 4)
    (axes,) = figure.axes
    points = [bars.lines[0].get_xydata()[0] for bars in axes.containers]
    np.testing.assert_allclose(points, [(84.0, 0), (84.5, 1), (83.2, 2)])
    assert [label.get_text() for label in axes.get_yticklabels()] == list(NLL)
    bottom, top = axes.get_ylim()
    assert bottom > top
    (reference,) = (line for line in axes.lines if line.get_linestyle() == "--")
    assert list(reference.get_xdata()) == [84.0, 84.0]
    assert [text.get_text() for text in axes.texts] == [
        "84.0, address right 71%",
        "84.5",
        "83.2, address right 12%",
    ]
    assert "K = 4" in axes.get_xlabel() and "nats" in axes.get_xlabel()
    colours = [bars.lines[0].get_color() for bars in axes.containers]
    assert colours[0] != colours[1] == colours[2]
