from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfvma.errors import InvalidArgumentError
from tfvma.layers.memory import EpisodicMemory, LearnedMemory

ADDRESS = tf.constant([[2, 0], [2, 2]], tf.int32)


def test_episodic_read_is_a_lookup():
    memory = tf.random.normal([3, 4, 4, 1])
    found = EpisodicMemory()(ADDRESS, memory)
    np.testing.assert_array_equal(found, memory.numpy()[ADDRESS.numpy()])


def test_episodic_memory_has_no_weights():
    layer = EpisodicMemory()
    layer(ADDRESS, tf.zeros([3, 4, 4, 1]))
    assert layer.weights == []


def test_episodic_entries_are_what_was_handed_in():
    memory = tf.random.normal([3, 4, 4, 1])
    np.testing.assert_array_equal(EpisodicMemory().entries(memory), memory)


def test_episodic_memory_refuses_none_and_nothing():
    with pytest.raises(InvalidArgumentError, match="memory=None: expected the entries"):
        EpisodicMemory().entries(None)
    with pytest.raises(InvalidArgumentError, match=r"shape \(0, 4, 4, 1\): expected at least one"):
        EpisodicMemory().entries(tf.zeros([0, 4, 4, 1]))


def test_learned_read_is_a_lookup_in_the_weights():
    layer = LearnedMemory(3, (5,))
    found = layer(ADDRESS)
    np.testing.assert_array_equal(found, layer.slots.numpy()[ADDRESS.numpy()])
    np.testing.assert_array_equal(layer.entries(), layer.slots.numpy())


def test_only_the_slots_that_were_read_learn():
    layer = LearnedMemory(3, (5,))
    layer.build()
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(ADDRESS))
    gradient = tf.convert_to_tensor(tape.gradient(total, layer.slots.value))
    np.testing.assert_array_equal(gradient, [[1.0] * 5, [0.0] * 5, [3.0] * 5])


def test_learned_entries_start_small_and_different():
    layer = LearnedMemory(1000, (16,), stddev=0.1)
    layer.build()
    slots = layer.slots.numpy()
    assert slots.std() == pytest.approx(0.1, rel=0.05)
    assert len(np.unique(slots, axis=0)) == 1000


def test_learned_memory_takes_no_other():
    layer = LearnedMemory(3, (5,))
    layer.build()
    with pytest.raises(InvalidArgumentError, match=r"shape \(2, 5\): expected None"):
        layer.entries(tf.zeros([2, 5]))


@pytest.mark.parametrize("memory_size", [0, -1])
def test_learned_memory_has_slots(memory_size):
    with pytest.raises(InvalidArgumentError, match=f"memory_size={memory_size}.*at least 1"):
        LearnedMemory(memory_size, (5,))
