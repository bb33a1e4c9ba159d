"""Datasets that hold drawings of one another's characters."""

from __future__ import annotations

# All of these are made from the drawings of Omniglot, and each is divided in its own way.
_OMNIGLOT = ("omniglot26", "omniglot26_tuning", "omniglot28", "gmn")


def overlap_note(trained: str, scored: str, split: str) -> str:
    """What has to be known where a model of the dataset `trained` may have seen characters of
    another, `scored`; else ""."""
    if trained == scored or not {trained, scored} <= set(_OMNIGLOT):
        return ""
    # Its alphabets are all of the other's training set.
    if (trained, scored, split) == ("omniglot26_tuning", "omniglot26", "test"):
        return ""
    return f"the model was trained on {trained}, which has some of these characters in training"
