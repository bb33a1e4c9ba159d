"""A truncated reading against enumeration of the found."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.large_memory.reference import log_probs, vectors
from tfvma.errors import InvalidArgumentError
from tfvma.large_memory import (
    block_log_sums,
    log_normalizer,
    log_total_of_prior,
    read_large,
    read_truncated,
)

SEED = tf.constant([3, 4], tf.int32)
QUERIES, KEYS = tf.constant(vectors(2, 0)), tf.constant(vectors(300, 1))
PRIOR_QUERY = tf.constant(vectors(1, 2)[0])
FOUND = np.array([[7, 250, 3, -1], [299, 0, 12, 5]], np.int32)


TOTAL = log_total_of_prior(PRIOR_QUERY, KEYS)


def read(found=FOUND, num_samples: int = 50):
    return read_truncated(QUERIES, PRIOR_QUERY, KEYS, tf.constant(found), TOTAL, num_samples, SEED)


def test_densities_are_those_of_the_softmax_over_the_found():
    reading = read()
    log_p = log_probs(PRIOR_QUERY[np.newaxis], KEYS)[0]
    for b, found in enumerate(FOUND):
        found = found[found >= 0]
        log_q = log_probs(QUERIES[b : b + 1], KEYS)[0]
        share = np.log(np.sum(np.exp(log_q[found])))
        address = reading.address.numpy()[:, b]
        assert set(address) <= set(found)
        np.testing.assert_allclose(reading.log_qa[:, b], log_q[address] - share, atol=1e-5)
        np.testing.assert_allclose(reading.log_pa[:, b], log_p[address], atol=1e-5)
        truncated = log_q[found] - share
        kl_a = np.sum(np.exp(truncated) * (truncated - log_p[found]))
        np.testing.assert_allclose(reading.kl_a[b], kl_a, rtol=1e-5)


@pytest.mark.parametrize(
    ("num_samples", "seed", "message"),
    [(0, SEED, "num_samples=0: expected at least 1"), (4, 3, r"seed of shape \[\]: expected")],
)
def test_no_samples_and_a_seed_of_one_number_are_refused(num_samples, seed, message):
    with pytest.raises(InvalidArgumentError, match=f"^{message}"):
        read_truncated(QUERIES, PRIOR_QUERY, KEYS, tf.constant(FOUND), TOTAL, num_samples, seed)


def test_the_share_of_q_is_exact():
    log_total = log_normalizer(QUERIES, KEYS, block_log_sums(QUERIES, KEYS))
    probs = np.exp(log_probs(QUERIES, KEYS))
    expected = [probs[b, found[found >= 0]].sum() for b, found in enumerate(FOUND)]
    np.testing.assert_allclose(tf.exp(read().log_found - log_total), expected, rtol=1e-5)


def test_all_found_is_the_exact_reading():
    exact = read_large(QUERIES, PRIOR_QUERY, KEYS, TOTAL, 3, SEED)
    reading = read(np.tile(np.arange(300, dtype=np.int32), (2, 1)))
    np.testing.assert_allclose(reading.log_found, exact.log_totals, rtol=1e-6)


def test_each_entry_is_drawn_as_often_as_it_is_likely():
    reading = read(num_samples=20_000)
    log_q = log_probs(QUERIES[1:], tf.gather(KEYS, FOUND[1]))[0]
    shares = [np.mean(reading.address.numpy()[:, 1] == a) for a in FOUND[1]]
    # The seed is fixed; 0.02 is more than five standard deviations.
    np.testing.assert_allclose(shares, np.exp(log_q), atol=0.02)


def test_one_found_is_certain():
    reading = read(np.array([[7, -1], [-1, 9]], np.int32))
    np.testing.assert_array_equal(reading.address, np.tile([7, 9], (50, 1)))
    np.testing.assert_array_equal(reading.log_qa, np.zeros((50, 2)))


def test_gradients_are_those_of_the_softmax_over_the_found():
    weights = tf.constant(vectors(50, 5, size=2))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([QUERIES, KEYS])
        reading = read()
        ours = tf.reduce_sum(weights * reading.log_qa)
        probs = tf.scatter_nd(np.argwhere(FOUND >= 0), tf.ones([7]), FOUND.shape)
        scores = tf.linalg.matvec(tf.gather(KEYS, np.maximum(FOUND, 0)), QUERIES)
        log_q = tf.nn.log_softmax(tf.where(probs > 0, scores, -np.inf))
        drawn = FOUND[tf.newaxis] == reading.address[..., tf.newaxis]
        log_qa = tf.reduce_sum(tf.where(drawn, log_q, 0.0), axis=-1)
        full = tf.reduce_sum(weights * log_qa)
    np.testing.assert_allclose(
        tape.gradient(ours, QUERIES), tape.gradient(full, QUERIES), rtol=1e-3, atol=1e-4
    )
    np.testing.assert_allclose(
        tf.convert_to_tensor(tape.gradient(ours, KEYS)),
        tf.convert_to_tensor(tape.gradient(full, KEYS)),
        rtol=1e-3,
        atol=1e-4,
    )
