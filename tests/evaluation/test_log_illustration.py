"""What is marked in learning curves, and what their caption says of it."""

from __future__ import annotations

import pytest

from tfvma.evaluation import log_illustration
from tfvma.evaluation.log_illustration import show_learning_curves
from tfvma.figures import learning_curves
from tfvma.presets import get_preset

LOG = [{"step": step, "iw_bound": -90.0, "kl_z": 1.0, "kl_a": 2.0} for step in (1, 2)]


@pytest.mark.parametrize(
    ("preset", "marked", "dotted"),
    [
        ("mnist_recall256", (256, True), "Dotted: log M, what a lookup table has."),
        ("omniglot28_recall64", (64, False), "Dotted: log M."),
        ("omniglot28_learned256", (256, False), "Dotted: log M."),
        ("omniglot26_vma_4shot", (None, False), ""),
    ],
)
def test_log_m_is_marked_where_it_means_something(preset, marked, dotted, monkeypatch):
    seen = []
    draw = learning_curves.learning_curves

    def watched(log, num_samples, *values):
        seen.append(values)
        return draw(log, num_samples, *values)

    monkeypatch.setattr(log_illustration, "learning_curves", watched)
    illustration = show_learning_curves(LOG, get_preset(preset))
    assert seen == [(*marked, {})]
    assert illustration.caption.endswith(dotted or "with the averaged weights.")


def test_a_caption_says_of_which_stage_the_curves_are():
    config = get_preset("omniglot26_vma_4shot")
    whole = show_learning_curves(LOG, config)
    assert whole.caption.startswith("Above: the negative bound −L_K with K = 4.")
    last = show_learning_curves(LOG, config, started_from="savedmodels/mine/7")
    assert last.caption == (
        f"Of the last stage alone, which started from savedmodels/mine/7. {whole.caption}"
    )


def test_one_row_makes_no_curve():
    assert show_learning_curves(LOG[:1], get_preset("omniglot26_vma_4shot")) is None


def test_what_the_paper_says_is_told_too():
    illustration = show_learning_curves(
        LOG, get_preset("omniglot28_learned256"), printed={"paper: 80": 80.0}
    )
    assert illustration.caption.endswith("Dotted: log M; what its NLL is to be compared with.")
