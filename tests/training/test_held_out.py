"""Means over held-out targets, against a scorer whose every answer can be worked out."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.evaluation.conftest import FakeScorer, numbered_characters
from tfvma.training.held_out import HELD_OUT_METRICS, HeldOut

# (character, drawing) of two episodes; those of drawing 3 are taken for the other character.
TARGETS = [[(1, 0), (1, 4), (2, 3)], [(5, 8), (5, 2), (4, 1)]]
MEMORIES = [[(1, 5), (1, 0), (2, 6), (2, 7)], [(4, 1), (4, 2), (5, 8), (5, 9)]]


def images(numbers: list[list[tuple[int, int]]]) -> tuple[np.ndarray, np.ndarray]:
    """Drawings [episodes, N, H, W, 1] and their characters [episodes, N]."""
    character, drawing = np.moveaxis(np.array(numbers), -1, 0)
    drawings = numbered_characters().drawings
    return drawings[character, drawing, ..., np.newaxis].astype(np.float32), character


def test_all_means_are_those_of_the_scores():
    (x, x_label), (memory, memory_label) = images(TARGETS), images(MEMORIES)
    episodes = {"x": x, "x_label": x_label, "memory": memory, "memory_label": memory_label}
    scorer = FakeScorer()
    scorer.num_samples = 3
    held_out = HeldOut(tf.data.Dataset.from_tensor_slices(episodes), scorer)
    expected = {
        # Numbers are 16 * character + drawing, and the seed of an episode is (0, its index).
        "iw_bound": -(16 + 20 + 35 + 88 + 82 + 65) / 6 / 8 - 3 - (0 + 1) / 2,
        "reconstruction": -(16 + 20 + 35 + 88 + 82 + 65) / 6,
        # Every target has two entries of its character, and three are in memory themselves.
        "kl_a": 2.0,
        "kl_z": 3 / 6,
        # All but the one of drawing 3.
        "address_accuracy": 5 / 6,
    }
    assert set(expected) == set(HELD_OUT_METRICS)
    measured = held_out.measure()
    assert measured == pytest.approx(expected, rel=1e-6)
    assert held_out.measure() == measured
