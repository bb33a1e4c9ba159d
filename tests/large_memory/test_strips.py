"""Strips cover the table once and hold few scores."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.large_memory.reference import vectors
from tfvma.large_memory.strips import _SCORES_PER_STRIP, BLOCK, NO_SCORE, map_strips


@pytest.mark.parametrize(
    ("batch", "memory_size", "num_strips"),
    [(1, 1, 1), (3, BLOCK, 1), (2**12, 5 * BLOCK + 3, 3), (2**13, 3 * BLOCK, 3)],
)
def test_scores_come_once_and_a_strip_at_a_time(batch, memory_size, num_strips):
    queries, keys = tf.constant(vectors(batch, 0, size=2)), tf.constant(vectors(memory_size, 1, 2))
    strips = []

    def remember(scores, part):
        strips.append(scores.numpy())
        return tf.shape(part)[0]

    sizes = map_strips(remember, queries, keys, tf.TensorSpec([], tf.int32))
    assert len(strips) == num_strips
    assert np.sum(sizes) == memory_size
    assert all(scores.size <= _SCORES_PER_STRIP for scores in strips)
    assert all(len(scores) % BLOCK == 0 for scores in strips)
    scores = np.concatenate(strips)
    expected = tf.matmul(keys, queries, transpose_b=True)
    np.testing.assert_allclose(scores[:memory_size], expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(scores[memory_size:], NO_SCORE)
