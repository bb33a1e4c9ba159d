"""The two-level draw against enumeration, for given uniform numbers, and its edges."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.large_memory.reference import (
    first_above,
    log_probs,
    two_level_address,
    vectors,
)
from tfvma.large_memory.inverse_cdf import inverse_cdf
from tfvma.large_memory.log_sums import block_log_sums
from tfvma.large_memory.sample import address_at, sample_large
from tfvma.large_memory.strips import BLOCK

SEED = tf.constant([3, 4], tf.int32)
SMALLEST, LARGEST = 2.0**-47, 1.0 - 2.0**-47


def draw(queries, keys, block_uniforms, slot_uniforms) -> np.ndarray:
    queries, keys = tf.constant(queries), tf.constant(keys)
    log_sums = block_log_sums(queries, keys)
    return address_at(
        queries, keys, log_sums, tf.constant(block_uniforms), tf.constant(slot_uniforms)
    ).numpy()


def grid(batch: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of numbers from one end to the other, [K, batch] each."""
    ends = np.concatenate([[SMALLEST], (np.arange(40) + 0.5) / 40, [LARGEST]])
    pairs = np.stack(np.meshgrid(ends, ends), axis=-1).reshape(-1, 2)
    return tuple(np.repeat(pairs[:, i : i + 1], batch, axis=1) for i in range(2))


def test_inverse_cdf_is_the_first_index_above():
    log_weights = vectors(3, 0, size=50, scale=4.0)
    uniforms = np.float64(np.random.default_rng(1).random((3, 200)))
    found = inverse_cdf(tf.constant(log_weights), tf.constant(uniforms)).numpy()
    for b, k in np.ndindex(3, 200):
        assert found[b, k] == first_above(np.exp(np.float64(log_weights[b])), uniforms[b, k])


@pytest.mark.parametrize("offset", [-1000.0, 0.0, 1000.0])
def test_inverse_cdf_never_draws_what_has_no_probability(offset):
    nothing = tf.float32.min
    log_weights = tf.constant([[nothing, offset, nothing, offset, nothing]], tf.float32)
    uniforms = tf.constant([[SMALLEST, 0.49, 0.51, LARGEST]], tf.float64)
    np.testing.assert_array_equal(inverse_cdf(log_weights, uniforms), [[1, 1, 3, 3]])


@pytest.mark.parametrize(
    "memory_size", [1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK + 7]
)
def test_addresses_are_those_of_the_enumerated_distribution(memory_size):
    queries, keys = vectors(2, 0), vectors(memory_size, 1)
    uniforms = grid(2)
    expected = two_level_address(np.exp(log_probs(queries, keys)), *uniforms)
    found = draw(queries, keys, *uniforms)
    # Where a number falls on the border between two slots, float32 scores may decide otherwise.
    assert np.mean(found == expected) > 0.999
    assert np.max(np.abs(found - expected)) <= 1


def test_every_slot_has_exactly_its_share():
    """Equal scores: slot a is drawn for the numbers in [a, a + 1) / 256 of its block."""
    keys = np.zeros((2 * BLOCK, 2), np.float32)
    slots = np.arange(2 * BLOCK)
    for inside in (2.0**-20, 0.5, 1 - 2.0**-20):
        found = draw(
            np.ones((1, 2), np.float32),
            keys,
            ((slots // BLOCK + inside) / 2)[:, np.newaxis],
            ((slots % BLOCK + inside) / BLOCK)[:, np.newaxis],
        )
        np.testing.assert_array_equal(found[:, 0], slots)


@pytest.mark.parametrize("level", [-1000.0, 1000.0])
@pytest.mark.parametrize("last", [BLOCK, BLOCK + 8])
def test_extreme_scores_and_both_ends_stay_in_range(level, last):
    keys = np.ones((last + 1, 1), np.float32)
    uniforms = np.array([[SMALLEST], [LARGEST]])
    found = draw(np.full((1, 1), level, np.float32), keys, uniforms, uniforms)
    np.testing.assert_array_equal(found[:, 0], [0, last])


@pytest.mark.parametrize("slot", [0, BLOCK - 1, BLOCK, 2 * BLOCK + 4])
def test_an_entry_that_outweighs_all_is_always_drawn(slot):
    keys = np.full((2 * BLOCK + 5, 1), -1000.0, np.float32)
    keys[slot] = 1000.0
    np.testing.assert_array_equal(draw(np.ones((1, 1), np.float32), keys, *grid(1)), slot)


def test_a_slot_without_probability_is_never_drawn():
    keys = np.full((2 * BLOCK + 5, 1), -1000.0, np.float32)
    possible = [3, BLOCK + 1, 2 * BLOCK + 4]
    keys[possible] = 0.0
    found = draw(np.ones((1, 1), np.float32), keys, *grid(1))
    np.testing.assert_array_equal(np.unique(found), possible)


def test_a_key_that_is_no_number_gives_an_address_in_range():
    keys = vectors(BLOCK + 5, 1)
    keys[7] = np.nan
    found = draw(vectors(2, 0), keys, *grid(2))
    assert found.min() >= 0
    assert found.max() < len(keys)


def test_frequencies():
    num_samples, memory_size = 20_000, BLOCK + 4
    queries, keys = vectors(1, 0), vectors(memory_size, 1)
    address = _sample(queries, keys, num_samples)
    assert address.shape == (num_samples, 1)
    assert address.dtype == np.int32
    found = np.bincount(address[:, 0], minlength=memory_size) / num_samples
    probs = np.exp(log_probs(queries, keys))[0]
    deviation = np.sqrt(probs * (1 - probs) / num_samples)
    # The seed is fixed; a slot that is hit once where a twentieth of a hit is due is allowed.
    assert np.all(np.abs(found - probs) < 6 * deviation + 2 / num_samples)


def test_the_seed_alone_decides():
    queries, keys = vectors(3, 0), vectors(300, 1)
    first, again = (_sample(queries, keys, 16) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert np.any(first != _sample(queries, keys, 16, SEED + 1))


def test_samples_do_not_depend_on_what_surrounds_them():
    """A graph of free shapes draws what eager execution draws."""
    free = tf.TensorSpec([None, 8], tf.float32)

    @tf.function(input_signature=[free, free, tf.TensorSpec([], tf.int32)])
    def sample(queries, keys, num_samples):
        return sample_large(queries, keys, block_log_sums(queries, keys), num_samples, SEED)

    queries, keys = vectors(3, 0), vectors(300, 1)
    np.testing.assert_array_equal(sample(queries, keys, 5), _sample(queries, keys, 5))


def _sample(queries, keys, num_samples, seed=SEED) -> np.ndarray:
    queries, keys = tf.constant(queries), tf.constant(keys)
    return sample_large(queries, keys, block_log_sums(queries, keys), num_samples, seed).numpy()
