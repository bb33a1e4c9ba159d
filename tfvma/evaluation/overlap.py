"""Datasets that hold drawings of one another's characters."""

from __future__ import annotations

# All of these are made from the drawings of Omniglot, and each is divided in its own way.
_OMNIGLOT = ("omniglot26", "omniglot26_tuning", "omniglot28", "omniglot28_static", "gmn")
# What was trained on, and scored, without a character in common. The alphabets of the tests of
# omniglot26 and omniglot26_tuning are in the test of gmn, and those of the first in no other's
# training than those at 28x28 without labels.
_APART = (
    ("omniglot26_tuning", "omniglot26", "test"),
    ("gmn", "omniglot26", "test"),
    ("gmn", "omniglot26_tuning", "test"),
)


def overlap_note(trained: str, scored: str, split: str) -> str:
    """What has to be known where a model of the dataset `trained` has seen characters of another,
    `scored`; else "". A model that it started from is not looked at."""
    if trained == scored or not {trained, scored} <= set(_OMNIGLOT):
        return ""
    if (trained, scored, split) in _APART:
        return ""
    return f"the model was trained on {trained}, which has some of these characters in training"
