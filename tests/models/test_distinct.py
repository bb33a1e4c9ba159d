from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfvma.models.distinct import distinct_entries, distinct_pairs

ENTRIES = tf.constant(np.random.default_rng(0).normal(size=(100, 3)), tf.float32)
ADDRESS = tf.constant([[7, 99, 7], [50, 7, 99]], tf.int32)


def check_lookup(entries, slot):
    np.testing.assert_array_equal(tf.gather(entries, slot), tf.gather(ENTRIES, ADDRESS))


def test_a_large_memory_shrinks_to_what_is_read():
    entries, slot = distinct_entries(ENTRIES, ADDRESS, compiled=False)
    check_lookup(entries, slot)
    assert len(np.unique(slot)) == 3
    # 16 rows: three entries, and slot 0 for the rest.
    np.testing.assert_array_equal(entries, tf.gather(ENTRIES, [7, 99, 50] + 13 * [0]))


@pytest.mark.parametrize(("num_distinct", "rows"), [(1, 16), (16, 16), (17, 32), (33, 48)])
def test_rows_come_in_sixteens(num_distinct, rows):
    entries, _ = distinct_entries(ENTRIES, tf.range(num_distinct), compiled=False)
    assert entries.shape[0] == rows


def test_a_small_memory_stays_whole():
    entries, slot = distinct_entries(ENTRIES[:6], ADDRESS % 6, compiled=False)
    np.testing.assert_array_equal(entries, ENTRIES[:6])
    np.testing.assert_array_equal(slot, ADDRESS % 6)


def test_compiled_it_stays_whole():
    entries, slot = distinct_entries(ENTRIES, ADDRESS, compiled=True)
    assert entries.shape[0] == 100
    check_lookup(entries, slot)


def test_sizes_may_be_unknown_when_traced():
    @tf.function(
        input_signature=[
            tf.TensorSpec([None, 3], tf.float32),
            tf.TensorSpec([None, None], tf.int32),
        ]
    )
    def distinct(entries, address):
        return distinct_entries(entries, address, compiled=False)

    entries, slot = distinct(ENTRIES, ADDRESS)
    check_lookup(entries, slot)
    assert entries.shape[0] == 16


def test_gradients_reach_the_entries_that_were_read():
    entries = tf.Variable(ENTRIES)
    with tf.GradientTape() as tape:
        used, slot = distinct_entries(tf.convert_to_tensor(entries), ADDRESS, compiled=False)
        total = tf.reduce_sum(tf.gather(used, slot))
    gradient = tf.convert_to_tensor(tape.gradient(total, entries)).numpy()
    expected = np.zeros((100, 3))
    expected[[7, 50, 99]] = [[3.0], [1.0], [2.0]]
    np.testing.assert_array_equal(gradient, expected)


# Pairs of target and entry.

SLOT = tf.constant([[2, 0, 1], [2, 1, 1], [0, 0, 1]], tf.int32)


@pytest.mark.parametrize(("compiled", "rows"), [(False, 16), (True, 9)])
def test_each_sample_finds_its_pair(compiled, rows):
    pairs = distinct_pairs(SLOT, 3, compiled)
    assert pairs.target.shape[0] == pairs.entry.shape[0] == rows
    np.testing.assert_array_equal(tf.gather(pairs.entry, pairs.place), SLOT)
    np.testing.assert_array_equal(
        tf.gather(pairs.target, pairs.place), tf.tile([[0, 1, 2]], [3, 1])
    )


def test_a_pair_that_is_drawn_again_is_there_once():
    place = distinct_pairs(SLOT, 3, compiled=False).place
    assert len(np.unique(place)) == 5


def test_one_sample_has_nothing_to_share():
    pairs = distinct_pairs(SLOT[:1], 3, compiled=False)
    np.testing.assert_array_equal(pairs.entry, SLOT[0])
    np.testing.assert_array_equal(pairs.place, [[0, 1, 2]])
