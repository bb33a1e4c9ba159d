"""Chunks give what the whole gives, and hold no more than they should."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfvma.models.chunks import in_chunks

ROWS = tf.constant(np.random.default_rng(0).normal(size=(23, 3)), tf.float32)


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
@pytest.mark.parametrize("largest", [1, 4, 11, 12, 22, 23, 100])
def test_chunks_are_joined_in_order(largest, traced):
    def both(rows):
        return in_chunks(lambda part: (2.0 * part, [tf.reduce_sum(part, axis=1)]), rows, largest)

    if traced:
        both = tf.function(both, input_signature=[tf.TensorSpec([None, 3], tf.float32)])
    double, (total,) = both(ROWS)
    np.testing.assert_array_equal(double, 2.0 * ROWS)
    np.testing.assert_array_equal(total, tf.reduce_sum(ROWS, axis=1))
    assert double.shape == (23, 3)


@pytest.mark.parametrize(("largest", "sizes"), [(10, [8, 8, 8]), (23, [23]), (7, [6, 6, 6, 6])])
def test_chunks_are_as_even_as_can_be(largest, sizes):
    seen = []

    def record(part):
        seen.append(len(part))
        return part

    in_chunks(
        lambda part: tf.ensure_shape(tf.numpy_function(record, [part], tf.float32), [None, 3]),
        ROWS,
        largest,
    )
    assert seen == sizes


def test_types_are_kept():
    whole, half = in_chunks(
        lambda part: (part // 2, tf.cast(part, tf.bfloat16)), tf.range(9), largest=4
    )
    assert (whole.dtype, half.dtype) == (tf.int32, tf.bfloat16)
    np.testing.assert_array_equal(whole, np.arange(9) // 2)


def test_outside_of_a_graph_nothing_is_traced():
    """Each call would trace anew, and TensorFlow keeps what it traced."""
    eager = []

    def note(part):
        eager.append(tf.executing_eagerly())
        return part

    in_chunks(note, ROWS, largest=10)
    assert eager == [True] * 3
