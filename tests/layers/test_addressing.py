from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfvma.errors import InvalidArgumentError
from tfvma.layers.addressing import PRIORS, SIMILARITIES, Addressing, similarity_scores
from tfvma.layers.mlp_encoder import MLPEmbedding

RANDOM = np.random.default_rng(0)
X = tf.constant(RANDOM.normal(size=(3, 6)), tf.float32)
ENTRIES = tf.constant(RANDOM.normal(size=(5, 6)), tf.float32)


def addressing(tied: bool = False, **options) -> Addressing:
    return Addressing(MLPEmbedding(4, (8, 8)), None if tied else MLPEmbedding(4, (8, 8)), **options)


def log_softmax(scores: np.ndarray) -> np.ndarray:
    return scores - np.log(np.sum(np.exp(scores), axis=-1, keepdims=True))


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_scores_are_equation_5_and_its_variants(similarity):
    queries, keys = RANDOM.normal(size=(3, 4)), RANDOM.normal(size=(5, 4))
    expected = np.empty((3, 5))
    for b, query in enumerate(queries):
        for a, key in enumerate(keys):
            divisor = {
                "normalized": np.linalg.norm(key),
                "inner": 1.0,
                "cosine": np.linalg.norm(key) * np.linalg.norm(query),
            }[similarity]
            expected[b, a] = np.dot(key, query) / divisor
    found = similarity_scores(tf.constant(queries), tf.constant(keys), similarity)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_zero_vectors_give_finite_scores_and_gradients(similarity, jit_compile):
    @tf.function(jit_compile=jit_compile)
    def scores_and_gradients(queries, keys):
        with tf.GradientTape() as tape:
            tape.watch([queries, keys])
            scores = similarity_scores(queries, keys, similarity)
        return scores, tape.gradient(scores, [queries, keys])

    vectors = tf.constant([[0.0, 0.0], [1.0, 2.0]])
    scores, gradients = scores_and_gradients(vectors, vectors)
    assert np.isfinite(scores).all()
    assert all(np.isfinite(gradient).all() for gradient in gradients)


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_posterior_and_prior_are_softmaxes_of_scores(similarity):
    layer = addressing(similarity=similarity)
    layer.build((None, 6), (None, 6))
    layer.prior_query.assign(RANDOM.normal(size=4))
    log_posterior, log_prior = layer(X, ENTRIES)

    keys, queries = layer.key_embedding(ENTRIES), layer.query_embedding(X)
    scores = similarity_scores(queries, keys, similarity)
    np.testing.assert_allclose(log_posterior, log_softmax(scores.numpy()), rtol=1e-5)
    scores = similarity_scores(layer.prior_query.numpy()[None], keys, similarity)
    np.testing.assert_allclose(log_prior, log_softmax(scores.numpy())[0], rtol=1e-5)


def test_parts_add_up_to_the_call():
    layer = addressing()
    log_posterior, log_prior = layer(X, ENTRIES)
    keys = layer.keys(ENTRIES)
    np.testing.assert_allclose(layer.log_posterior(X, keys), log_posterior, rtol=1e-6)
    np.testing.assert_allclose(layer.log_prior(keys), log_prior, rtol=1e-6)


def test_the_order_of_slots_does_not_matter():
    layer = addressing()
    layer.build((None, 6), (None, 6))
    layer.prior_query.assign(RANDOM.normal(size=4))
    order = [3, 0, 4, 1, 2]
    log_posterior, log_prior = layer(X, ENTRIES)
    moved_posterior, moved_prior = layer(X, tf.gather(ENTRIES, order))
    np.testing.assert_allclose(moved_posterior, log_posterior.numpy()[:, order], rtol=1e-5)
    np.testing.assert_allclose(moved_prior, log_prior.numpy()[order], rtol=1e-5)


def test_flat_prior():
    layer = addressing(prior="flat")
    _, log_prior = layer(X, ENTRIES)
    np.testing.assert_allclose(log_prior, np.full(5, -np.log(5.0)), rtol=1e-6)
    assert not any("prior_query" in weight.path for weight in layer.weights)


def test_learned_prior_starts_flat_and_learns():
    layer = addressing()
    with tf.GradientTape() as tape:
        _, log_prior = layer(X, ENTRIES)
        first = log_prior[0]
    np.testing.assert_allclose(log_prior, np.full(5, -np.log(5.0)), rtol=1e-6)
    assert np.any(np.abs(tape.gradient(first, layer.prior_query.value)) > 1e-3)


def test_cosine_prior_starts_where_its_gradient_is_moderate():
    layer = addressing(similarity="cosine")
    with tf.GradientTape() as tape:
        _, log_prior = layer(X, ENTRIES)
        first = log_prior[0]
    steepest = np.max(np.abs(tape.gradient(first, layer.prior_query.value)))
    assert 0.0 < steepest < 100.0


def test_tied_embeddings_share_weights():
    tied, untied = addressing(tied=True), addressing()
    for layer in (tied, untied):
        layer.build((None, 6), (None, 6))
    assert len(untied.weights) == 2 * (len(tied.weights) - 1) + 1
    # h(x) is what the entry equal to x has for a key.
    keys = tied.keys(X)
    scores = similarity_scores(keys, keys, "normalized")
    np.testing.assert_allclose(
        tied.log_posterior(X, keys), log_softmax(scores.numpy()), rtol=1e-5, atol=1e-6
    )


def test_one_slot_is_certain():
    log_posterior, log_prior = addressing()(X, ENTRIES[:1])
    np.testing.assert_array_equal(log_posterior, np.zeros((3, 1)))
    np.testing.assert_array_equal(log_prior, [0.0])


def test_densities_are_float32_in_mixed_precision():
    layer = Addressing(
        MLPEmbedding(4, (8, 8), dtype="mixed_bfloat16"),
        MLPEmbedding(4, (8, 8), dtype="mixed_bfloat16"),
        dtype="mixed_bfloat16",
    )
    log_posterior, log_prior = layer(X, ENTRIES)
    assert log_posterior.dtype == log_prior.dtype == tf.float32
    np.testing.assert_allclose(np.sum(np.exp(log_posterior), axis=1), np.ones(3), rtol=1e-6)


def test_embeddings_may_be_any_layer():
    layer = Addressing(keras.layers.Dense(4), keras.layers.Dense(4))
    log_posterior, _ = layer(X, ENTRIES)
    assert log_posterior.shape == (3, 5)


@pytest.mark.parametrize(("option", "choices"), [("similarity", SIMILARITIES), ("prior", PRIORS)])
def test_unknown_options_are_refused(option, choices):
    with pytest.raises(InvalidArgumentError, match=f"{option}='other'.*{sorted(choices)[0]}"):
        addressing(**{option: "other"})
