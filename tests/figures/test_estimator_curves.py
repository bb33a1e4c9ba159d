from __future__ import annotations

import math

from tfvma.figures.estimator_curves import estimator_curves
from tfvma.figures.style import BLUE, VERMILLION


def test_every_estimator_has_a_panel_with_all_of_them():
    curves = {
        "one": [[(0.0, 9.0), (1.0, 8.0)], [(0.0, 7.0)]],
        "the_other": [[(0.0, 6.0)]],
        "none_yet": [[]],
    }
    figure = estimator_curves(curves, "steps", math.log(256))
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in shown] == ["one", "the other", "none yet"]
    blue = [list(line.get_ydata()) for line in shown[0].lines if line.get_color() == BLUE]
    assert blue == [[9.0, 8.0], [7.0]]
    for axes in shown:
        assert len(axes.lines) == 4
        (goal,) = (line for line in axes.lines if line.get_color() == VERMILLION)
        assert set(goal.get_ydata()) == {math.log(256)}
    assert len(estimator_curves(curves, "steps", None).axes[0].lines) == 3
