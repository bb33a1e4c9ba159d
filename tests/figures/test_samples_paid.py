from __future__ import annotations

import math

from tfvma.figures.samples_paid import samples_paid


def test_what_diverged_is_left_out():
    nll = {"vimco": [(2, math.nan), (4, 30.0), (8, 20.0)], "ovis": [(2, math.nan)]}
    axes = samples_paid(nll, 40.0).axes[0]
    (line,) = axes.lines
    assert list(zip(line.get_xdata(), line.get_ydata(), strict=True)) == [(4, 30.0), (8, 20.0)]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["2", "4", "8"]
    assert [text.get_text() for text in axes.texts] == ["vimco"]
    assert "after 40 CPU s" in axes.get_ylabel()
