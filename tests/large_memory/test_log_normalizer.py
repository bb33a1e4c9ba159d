"""Normaliser, mean key and KL against float64 enumeration, and the gradient against autodiff."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.large_memory.reference import log_probs, log_sum_exp, scores_of, vectors
from tfvma.large_memory.address_kl import address_kl
from tfvma.large_memory.log_normalizer import (
    log_normalizer,
    log_total_of_prior,
    with_gradient_of_drawn,
)
from tfvma.large_memory.log_sums import block_log_sums
from tfvma.large_memory.mean_key import mean_key
from tfvma.large_memory.strips import BLOCK

FEW = 3
# So many queries that a strip is one block, and several strips make even these memories.
MANY = 2**13
SIZES = (1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7)

shapes = pytest.mark.parametrize(
    ("batch", "memory_size"), [*((FEW, size) for size in SIZES), (MANY, SIZES[-1])]
)


def normalizer(queries, keys) -> tf.Tensor:
    queries, keys = tf.convert_to_tensor(queries), tf.convert_to_tensor(keys)
    return log_normalizer(queries, keys, block_log_sums(queries, keys))


@shapes
def test_normalizer_is_the_log_of_the_sum(batch, memory_size):
    queries, keys = vectors(batch, 0), vectors(memory_size, 1)
    expected = log_sum_exp(scores_of(queries, keys))
    np.testing.assert_allclose(normalizer(queries, keys), expected, rtol=1e-5, atol=2e-6)


def test_normalizer_of_a_hundred_thousand_slots():
    queries, keys = vectors(4, 0, size=128), vectors(100_000, 1, size=128)
    expected = log_sum_exp(scores_of(queries, keys))
    np.testing.assert_allclose(normalizer(queries, keys), expected, rtol=1e-6)


@shapes
def test_sums_of_blocks_and_of_padding(batch, memory_size):
    queries, keys = vectors(batch, 0), vectors(memory_size, 1)
    sums = block_log_sums(tf.constant(queries), tf.constant(keys)).numpy()
    scores = scores_of(queries, keys)
    starts = range(0, memory_size, BLOCK)
    assert len(sums) >= len(starts)
    for start, found in zip(starts, sums, strict=False):
        expected = log_sum_exp(scores[:, start : start + BLOCK])
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-6)
    np.testing.assert_array_equal(np.exp(sums[len(starts) :]), 0.0)


@pytest.mark.parametrize("level", [-1000.0, 1000.0])
def test_extreme_scores(level):
    """Scores about +-1,000, whose exponentials no float holds."""
    keys = vectors(BLOCK + 9, 1, size=2)
    keys[:, 0] = 1.0
    queries = np.array([[level, 1.0], [level, -2.0]], np.float32)
    expected = log_sum_exp(scores_of(queries, keys))
    np.testing.assert_allclose(normalizer(queries, keys), expected, rtol=1e-6)


def test_one_slot_outweighs_all_others():
    keys = np.zeros((2 * BLOCK + 5, 2), np.float32)
    keys[BLOCK + 1] = [1000.0, 0.0]
    queries = np.array([[1.0, 0.0], [-1.0, 0.0]], np.float32)
    expected = [1000.0, np.log(2 * BLOCK + 4)]
    np.testing.assert_allclose(normalizer(queries, keys), expected, rtol=1e-6)


@shapes
def test_mean_key_is_the_soft_read(batch, memory_size):
    queries, keys = vectors(batch, 0), vectors(memory_size, 1)
    log_total = normalizer(queries, keys)
    expected = np.exp(log_probs(queries, keys)) @ np.float64(keys)
    found = mean_key(tf.constant(queries), tf.constant(keys), log_total)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=2e-5)


def kl_found_and_expected(queries, prior_query, keys):
    found = address_kl(
        tf.constant(queries),
        tf.constant(prior_query),
        tf.constant(keys),
        normalizer(queries, keys),
        log_total_of_prior(tf.constant(prior_query), tf.constant(keys)),
    )
    log_q, log_p = log_probs(queries, keys), log_probs(prior_query[np.newaxis], keys)
    return found, np.sum(np.exp(log_q) * (log_q - log_p), axis=1)


def test_kl_is_the_sum_over_all_slots():
    found, expected = kl_found_and_expected(
        vectors(FEW, 0), prior_query=vectors(1, 2)[0], keys=vectors(600, 1)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_kl_of_queries_as_long_as_trained_ones():
    """Scores of a thousand nats, of which float32 keeps four decimals."""
    found, expected = kl_found_and_expected(
        1_000.0 * vectors(FEW, 0),
        prior_query=vectors(1, 2)[0],
        keys=0.5 + 0.002 * vectors(2_000, 1),
    )
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-2)


def test_gradients_are_those_of_the_full_sum():
    queries, keys = tf.constant(vectors(FEW, 0)), tf.constant(vectors(600, 1))
    upstream = tf.constant([0.3, -1.2, 0.8])
    drawn = tf.constant([5, 299, 0, 511])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([queries, keys])
        drawn_keys = tf.gather(keys, drawn)
        log_total = log_normalizer(queries, keys, block_log_sums(queries, keys))
        ours = tf.reduce_sum(upstream * with_gradient_of_drawn(log_total, queries, drawn_keys))
        full = tf.reduce_logsumexp(tf.matmul(queries, keys, transpose_b=True), axis=1)
        full = tf.reduce_sum(upstream * full)
    np.testing.assert_allclose(ours, full, rtol=1e-6)
    np.testing.assert_allclose(
        tape.gradient(ours, queries), tape.gradient(full, queries), rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(
        tape.gradient(ours, drawn_keys),
        tf.gather(tape.gradient(full, keys), drawn),
        rtol=1e-4,
        atol=1e-7,
    )
