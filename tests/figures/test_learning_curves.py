"""Learning curves show what the log has, and zoom past the first steps."""

from __future__ import annotations

import math

import numpy as np

from tfvma.figures.learning_curves import learning_curves


def test_nll_is_minus_the_bound_and_held_out_values_keep_their_steps():
    log = [{"step": step, "iw_bound": -1000.0 / step, "kl_z": 1.0, "kl_a": 2.0} for step in (1, 40)]
    log.append({"step": 100, "iw_bound": -10.0, "kl_z": 3.0, "kl_a": 4.0, "val_iw_bound": -12.0})
    above, below = learning_curves(log, num_samples=4).axes
    training, held_out = above.lines
    np.testing.assert_allclose(training.get_data(), [[1, 40, 100], [1000.0, 25.0, 10.0]])
    np.testing.assert_allclose(held_out.get_data(), [[100], [12.0]])
    lowest, highest = above.get_ylim()
    assert lowest < 10.0
    assert 25.0 < highest < 1000.0
    assert len(below.lines) == 2


def test_a_log_of_one_row_can_be_drawn():
    above, below = learning_curves([{"step": 5, "kl_a": 1.0}], num_samples=4).axes
    assert len(above.lines) == 0
    assert len(below.lines) == 1


def test_log_m_is_marked_and_within_sight_where_targets_are_in_memory():
    log = [{"step": step, "iw_bound": -90.0, "kl_a": 2.0} for step in (1, 2)]
    above, below = learning_curves(log, num_samples=4, memory_size=256, recalled=True).axes
    for axes in (above, below):
        assert axes.lines[-1].get_ydata()[0] == math.log(256)
        assert list(axes.lines[-1].get_xdata()) == [0, 2]
        assert "log M = 5.55" in [text.get_text() for text in axes.texts]
    assert above.get_ylim()[0] < math.log(256) < below.get_ylim()[1]


def test_log_m_of_a_learned_memory_is_no_nll():
    log = [{"step": step, "iw_bound": -90.0, "kl_a": 2.0} for step in (1, 2)]
    above, below = learning_curves(log, num_samples=4, memory_size=256).axes
    assert below.lines[-1].get_ydata()[0] == math.log(256)
    assert above.get_ylim()[0] > 80.0 and not any(
        "log M" in text.get_text() for text in above.texts
    )


def test_what_the_paper_says_is_marked_and_within_sight():
    log = [{"step": step, "iw_bound": -90.0, "kl_a": 2.0} for step in (1, 2)]
    above, below = learning_curves(log, num_samples=4, printed={"paper: 150": 150.0}).axes
    assert above.lines[-1].get_ydata()[0] == 150.0
    assert above.get_ylim()[0] < 90.0 and above.get_ylim()[1] > 150.0
    assert "paper: 150" in [text.get_text() for text in above.texts]
    assert len(below.lines) == 1


def test_words_stand_on_the_side_of_a_line_where_no_curve_passes_in_the_middle():
    """They stand in the middle, and the curve falls through the lower line only at its end."""
    nll = {0: 110.0, 50: 85.0, 100: 78.0}
    log = [{"step": step, "iw_bound": -value} for step, value in nll.items()]
    printed = {"below 80": 80.0, "a VAE: 100": 100.0}
    above, _ = learning_curves(log, num_samples=4, printed=printed).axes
    sides = {text.get_text(): text.get_va() for text in above.texts}
    assert (sides["below 80"], sides["a VAE: 100"]) == ("top", "baseline")
