"""Means are joined by a line, and each run is to be seen."""

from __future__ import annotations

from tfvma.figures.samples_paid import samples_paid


def test_a_line_through_means_and_a_dot_for_each_run_that_did_not_diverge():
    nll = {"vimco": {2: (), 4: (20.0, 30.0), 8: (20.0,)}, "ovis": {2: ()}}
    axes = samples_paid(nll, 40.0).axes[0]
    line, dots = (list(zip(*drawn.get_data(), strict=True)) for drawn in axes.lines)
    assert line == [(4, 25.0), (8, 20.0)]
    assert dots == [(4, 20.0), (4, 30.0), (8, 20.0)]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["2", "4", "8"]
    assert [text.get_text() for text in axes.texts] == ["vimco"]
    assert "after 40 CPU s" in axes.get_ylabel()
