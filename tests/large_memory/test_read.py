"""A reading against the full softmax: densities and their gradients."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.large_memory.reference import log_probs, vectors
from tfvma.errors import InvalidArgumentError
from tfvma.large_memory import keys_of, log_total_of_prior, prior_query_of, queries_of, read_large
from tfvma.layers.addressing import PRIORS, SIMILARITIES, Addressing, comparable_keys
from tfvma.layers.mlp_encoder import MLPEmbedding

SEED = tf.constant([3, 4], tf.int32)
QUERIES, KEYS = tf.constant(vectors(3, 0)), tf.constant(vectors(600, 1))
PRIOR_QUERY = tf.constant(vectors(1, 2)[0])


def read(queries, prior_query, keys, num_samples):
    total = log_total_of_prior(prior_query, keys)
    return read_large(queries, prior_query, keys, total, num_samples, SEED)


def full_densities(queries, prior_query, keys, address):
    """log q and log p at the addresses, by softmax over all slots."""
    log_q = tf.nn.log_softmax(tf.matmul(queries, keys, transpose_b=True))
    log_p = tf.nn.log_softmax(tf.linalg.matvec(keys, prior_query))
    one_hot = tf.one_hot(address, keys.shape[0])
    return tf.reduce_sum(one_hot * log_q, axis=-1), tf.reduce_sum(one_hot * log_p, axis=-1)


def test_densities_are_those_of_the_softmax():
    reading = read(QUERIES, PRIOR_QUERY, KEYS, 5)
    address = reading.address.numpy()
    assert address.shape == (5, 3)
    log_q = log_probs(QUERIES, KEYS)[np.arange(3), address]
    log_p = log_probs(PRIOR_QUERY[np.newaxis], KEYS)[0][address]
    np.testing.assert_allclose(reading.log_qa, log_q, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(reading.log_pa, log_p, rtol=1e-5, atol=1e-5)


def test_densities_of_extreme_scores():
    reading = read(300.0 * QUERIES, -300.0 * PRIOR_QUERY, KEYS, 5)
    address = reading.address.numpy()
    log_q = log_probs(300.0 * QUERIES, KEYS)[np.arange(3), address]
    log_p = log_probs(-300.0 * PRIOR_QUERY[np.newaxis], KEYS)[0][address]
    np.testing.assert_allclose(reading.log_qa, log_q, rtol=1e-5, atol=2e-3)
    np.testing.assert_allclose(reading.log_pa, log_p, rtol=1e-5, atol=2e-3)


def test_gradients_are_those_of_the_softmax():
    """Of queries and prior query all of it; of keys the rows that were drawn."""
    of_q, of_p = (tf.constant(vectors(4, seed, size=3)) for seed in (5, 6))
    variables = [QUERIES, PRIOR_QUERY, KEYS]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(variables)
        reading = read(*variables, 4)
        ours = tf.reduce_sum(of_q * reading.log_qa + of_p * reading.log_pa)
        log_q, log_p = full_densities(*variables, reading.address)
        full = tf.reduce_sum(of_q * log_q + of_p * log_p)
    found, expected = tape.gradient(ours, variables), tape.gradient(full, variables)
    np.testing.assert_allclose(ours, full, rtol=1e-5)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-4, atol=1e-5)
    rows = found[2].indices.numpy()
    assert sorted(rows) == sorted(np.unique(reading.address))
    np.testing.assert_allclose(found[2].values, tf.gather(expected[2], rows), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_an_addressing_layer_is_read_as_it_says(similarity, prior):
    layer = Addressing(MLPEmbedding(4, (8,)), MLPEmbedding(4, (8,)), similarity, prior)
    x, entries = tf.constant(vectors(3, 0)), tf.constant(vectors(50, 1))
    log_posterior, log_prior = layer(x, entries)
    if prior == "learned":
        layer.prior_query.assign(vectors(1, 3, size=4)[0])
        log_prior = layer.log_prior(layer.keys(entries))
    reading = read(queries_of(layer, x), prior_query_of(layer, 4), keys_of(layer, entries), 7)
    address = reading.address.numpy()
    np.testing.assert_allclose(
        reading.log_qa, log_posterior.numpy()[np.arange(3), address], rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(reading.log_pa, log_prior.numpy()[address], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("queries", "prior_query", "keys", "message"),
    [
        (QUERIES[:, :5], PRIOR_QUERY, KEYS, r"queries of shape \(3, 5\): expected 8 numbers"),
        (QUERIES, PRIOR_QUERY[:5], KEYS, r"prior_query of shape \(5,\): expected 8 numbers"),
        (QUERIES[:0], PRIOR_QUERY, KEYS, r"queries of shape \(0, 8\): expected at least one q"),
        (QUERIES, PRIOR_QUERY, KEYS[:0], r"keys of shape \(0, 8\): expected at least one key"),
    ],
)
def test_vectors_that_do_not_fit_are_named(queries, prior_query, keys, message):
    with pytest.raises(InvalidArgumentError, match=message):
        read_large(queries, prior_query, keys, tf.constant(0.0), 4, SEED)


def test_no_samples_are_refused():
    with pytest.raises(InvalidArgumentError, match="num_samples=0: expected at least 1"):
        read_large(QUERIES, PRIOR_QUERY, KEYS, tf.constant(0.0), 0, SEED)


def test_half_a_sample_and_a_seed_of_one_number_are_refused():
    total = tf.constant(0.0)
    with pytest.raises(InvalidArgumentError, match="num_samples of float: expected int32"):
        read_large(QUERIES, PRIOR_QUERY, KEYS, total, 2.5, SEED)
    with pytest.raises(InvalidArgumentError, match=r"seed of shape \[\]: expected int32 \[2\]"):
        read_large(QUERIES, PRIOR_QUERY, KEYS, total, 4, 3)


def test_numpy_arrays_will_do():
    total = log_total_of_prior(PRIOR_QUERY, KEYS)
    given = (QUERIES, PRIOR_QUERY, KEYS, total)
    expected = read_large(*given, 4, SEED)
    found = read_large(*(value.numpy() for value in given), 4, SEED)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_keys_are_made_in_blocks(monkeypatch):
    layer = Addressing(MLPEmbedding(4, (8,)))
    entries = tf.constant(vectors(2_500, 1))
    layer(entries[:3], entries[:3])
    whole, sizes, keys = keys_of_all(layer, entries), [], layer.keys

    def spy(part):
        sizes.append(len(part))
        return keys(part)

    monkeypatch.setattr(layer, "keys", spy)
    np.testing.assert_allclose(keys_of(layer, entries), whole, rtol=1e-5, atol=1e-6)
    assert sizes == [1_024, 1_024, 452]


def keys_of_all(layer: Addressing, entries: tf.Tensor) -> tf.Tensor:
    return comparable_keys(layer.keys(entries), layer.similarity)


def test_a_prior_query_of_another_size_is_refused():
    layer = Addressing(MLPEmbedding(4, (8,)))
    layer(tf.constant(vectors(3, 0)), tf.constant(vectors(5, 1)))
    with pytest.raises(InvalidArgumentError, match="key_dim=64: expected 4, the size of the keys"):
        prior_query_of(layer, 64)
