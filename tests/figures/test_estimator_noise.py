from __future__ import annotations

from tfvma.figures.estimator_noise import estimator_noise


def test_a_dot_for_each_estimator_and_step():
    rows = [
        {"estimator": name, "step": step, "snr_addressing": snr, "variance_addressing": variance}
        for name, step, snr, variance in (
            ("weak", 100, 0.5, 2.0),
            ("weak", 200, 0.1, 4.0),
            ("strong", 100, 0.3, 8.0),
            ("strong", 200, 0.9, 1.0),
        )
    ]
    figure = estimator_noise(rows)
    left, right = figure.axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["weak", "strong"]
    assert [list(line.get_xdata()) for line in left.lines] == [[0.5, 0.3], [0.1, 0.9]]
    assert [list(line.get_xdata()) for line in right.lines] == [[2.0, 8.0], [4.0, 1.0]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["step 100", "step 200"]


def test_a_gradient_that_does_not_vary_has_no_dot():
    rows = [
        {"estimator": "noisy", "step": 100, "snr_addressing": 0.5, "variance_addressing": 2.0},
        {"estimator": "still", "step": 100, "snr_addressing": None, "variance_addressing": 0.0},
    ]
    left, right = estimator_noise(rows).axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["still", "noisy"]
    for axes in (left, right):
        (line,) = axes.lines
        assert list(line.get_ydata()) == [1]
