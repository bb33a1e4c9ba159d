"""Which sets of drawings a model may have seen under another name."""

from __future__ import annotations

import pytest

from tfvma.data import omniglot, omniglot_gmn
from tfvma.evaluation.overlap import overlap_note


@pytest.mark.parametrize(
    ("trained", "scored", "split"),
    [
        ("omniglot26", "omniglot26", "test"),
        ("omniglot26", "omniglot26", "train"),
        ("omniglot26_tuning", "omniglot26", "test"),
        ("gmn", "omniglot26", "test"),
        ("gmn", "omniglot26_tuning", "test"),
        ("strokes", "omniglot26", "test"),
        ("binarized_mnist", "omniglot28", "test"),
    ],
)
def test_nothing_to_say(trained, scored, split):
    assert overlap_note(trained, scored, split) == ""


@pytest.mark.parametrize(
    ("trained", "scored", "split"),
    [
        ("omniglot26", "omniglot26_tuning", "test"),
        ("omniglot26_tuning", "omniglot26", "train"),
        ("omniglot28", "gmn", "test"),
        ("omniglot28_static", "gmn", "test"),
        ("gmn", "omniglot26", "train"),
    ],
)
def test_characters_that_were_trained_on_are_told(trained, scored, split):
    assert overlap_note(trained, scored, split) == (
        f"the model was trained on {trained}, which has some of these characters in training"
    )


def test_what_is_apart_is_apart():
    """By alphabet: those of each test, against those of the other's training."""
    held_out, tuning = set(omniglot.TEST_ALPHABETS), set(omniglot.TUNING_ALPHABETS)
    assert not held_out & tuning
    assert held_out | tuning <= set(omniglot_gmn.TEST_ALPHABETS)
