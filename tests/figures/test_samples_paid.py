from __future__ import annotations

import math

from tfvma.figures.samples_paid import samples_paid


def test_what_never_reached_the_goal_is_left_out():
    seconds = {"vimco": [(2, math.nan), (4, 30.0), (8, 20.0)], "ovis": [(2, math.nan)]}
    axes = samples_paid(seconds, 6.5).axes[0]
    (line,) = axes.lines
    assert list(zip(line.get_xdata(), line.get_ydata(), strict=True)) == [(4, 30.0), (8, 20.0)]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["2", "4", "8"]
    assert [text.get_text() for text in axes.texts] == ["vimco"]
    assert "6.50 nats" in axes.get_ylabel()
