from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfvma.layers.gather_rows import gather_rows

RANDOM = np.random.default_rng(0)
INDEX = np.array([[2, 0, 2], [2, 4, 0]], np.int32)


def test_reads_rows_and_adds_up_what_comes_back():
    rows, upstream = RANDOM.normal(size=(5, 2, 3)), RANDOM.normal(size=(2, 3, 2, 3))
    variable = tf.Variable(rows)
    with tf.GradientTape() as tape:
        read = gather_rows(tf.convert_to_tensor(variable), INDEX)
        total = tf.reduce_sum(read * upstream)
    np.testing.assert_array_equal(read, rows[INDEX])
    expected = np.zeros_like(rows)
    np.add.at(expected, INDEX, upstream)
    np.testing.assert_allclose(tape.gradient(total, variable), expected, rtol=1e-12)


def test_unknown_sizes_and_half_precision():
    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None], tf.bfloat16),
            tf.TensorSpec([None], tf.int32),
        ]
    )
    def gradient(rows, index):
        with tf.GradientTape() as tape:
            tape.watch(rows)
            total = tf.reduce_sum(gather_rows(rows, index))
        return tape.gradient(total, rows)

    found = gradient(tf.zeros([4, 2], tf.bfloat16), tf.constant([1, 1, 3]))
    assert found.dtype == tf.bfloat16
    np.testing.assert_array_equal(tf.cast(found, tf.float32)[:, 0], [0, 2, 0, 1])


def test_a_large_table_read_often_has_the_same_gradient():
    """Where TensorFlow's own way is taken: 2,100 rows read 2,100 times."""
    index = RANDOM.integers(0, 2100, size=[3, 700]).astype(np.int32)
    upstream = RANDOM.normal(size=(3, 700, 2))
    variable = tf.Variable(RANDOM.normal(size=(2100, 2)))
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(gather_rows(tf.convert_to_tensor(variable), index) * upstream)
    expected = np.zeros([2100, 2])
    np.add.at(expected, index, upstream)
    np.testing.assert_allclose(tape.gradient(total, variable), expected, rtol=1e-12, atol=1e-12)


def test_half_precision_adds_up_no_less_in_a_large_table():
    rows = tf.zeros([2100, 1], tf.bfloat16)
    with tf.GradientTape() as tape:
        tape.watch(rows)
        total = tf.reduce_sum(tf.cast(gather_rows(rows, np.zeros(2048, np.int32)), tf.float32))
    np.testing.assert_array_equal(tf.cast(tape.gradient(total, rows)[:2, 0], tf.float32), [2048, 0])
