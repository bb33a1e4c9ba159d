"""A curve for each model, above its accuracy and below its KL(a)."""

from __future__ import annotations

from tfvma.figures.control_curves import control_curves

NAMES = ("reference", "flat p(a)", "inner product", "cosine", "one key for entries and queries")


def log(offset: float) -> list[dict[str, float]]:
    rows = [
        {"step": 100.0 * n, "address_accuracy": 0.1 * n + offset, "kl_a": n + offset}
        for n in range(1, 4)
    ]
    # A row can lack what others have.
    return [*rows, {"step": 400.0}]


def test_each_model_is_drawn_in_both_panels():
    figure = control_curves({name: log(0.1 * place) for place, name in enumerate(NAMES)}, 0.125)
    above, below = figure.axes
    for axes, first in ((above, 0.1), (below, 1.0)):
        lines = [line for line in axes.lines if line.get_label() in NAMES]
        assert [line.get_label() for line in lines] == list(NAMES)
        assert len({line.get_color() for line in lines}) == len(NAMES)
        for place, line in enumerate(lines):
            assert list(line.get_xdata()) == [100.0, 200.0, 300.0]
            assert abs(line.get_ydata()[0] - first - 0.1 * place) < 1e-9
    (chance,) = (line for line in above.lines if line.get_linestyle() == ":")
    assert list(chance.get_ydata()) == [0.125, 0.125]
    assert "nats" in below.get_ylabel() and "steps" in below.get_xlabel()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(NAMES)


def test_what_is_written_lies_within_the_figure():
    figure = control_curves({name: log(0.0) for name in NAMES}, 0.125)
    figure.draw_without_rendering()
    box = figure.legends[0].get_window_extent()
    assert box.x0 >= 0.0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1
