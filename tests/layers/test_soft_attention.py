from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfvma.errors import InvalidArgumentError
from tfvma.layers.addressing import SIMILARITIES
from tfvma.layers.mlp_encoder import MLPEmbedding
from tfvma.layers.soft_attention import SoftAttention, mixture

RANDOM = np.random.default_rng(0)
Z = tf.constant(RANDOM.normal(size=(3, 2)), tf.float32)
ENTRIES = tf.constant(RANDOM.normal(size=(5, 6)), tf.float32)


def attention(similarity: str = "normalized") -> SoftAttention:
    return SoftAttention(MLPEmbedding(4, (8,)), MLPEmbedding(4, (8,)), similarity)


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_weights_are_a_softmax_of_similarities(similarity):
    layer = attention(similarity)
    weights = layer(Z, ENTRIES)
    keys, queries = np.float64(layer.key_embedding(ENTRIES)), np.float64(layer.query_embedding(Z))
    scores = queries @ keys.T
    if similarity != "inner":
        scores /= np.linalg.norm(keys, axis=1)
    if similarity == "cosine":
        scores /= np.linalg.norm(queries, axis=1, keepdims=True)
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(weights, expected, rtol=1e-5)
    assert np.ptp(weights) > 0.05


def test_an_unknown_similarity_is_named():
    with pytest.raises(InvalidArgumentError, match="similarity='dot': expected one of"):
        attention("dot")


@pytest.mark.parametrize("dtype", [tf.float32, tf.bfloat16])
def test_mixture_is_the_weighted_sum_of_values_of_any_shape(dtype):
    weights = RANDOM.random((3, 5))
    values = tf.cast(RANDOM.normal(size=(5, 2, 4, 3)), dtype)
    found = mixture(tf.constant(weights, tf.float32), values)
    assert found.dtype == dtype
    expected = np.einsum("na,ahwc->nhwc", weights, np.float64(tf.cast(values, tf.float64)))
    precision = 1e-5 if dtype == tf.float32 else 0.05
    np.testing.assert_allclose(np.float64(tf.cast(found, tf.float64)), expected, atol=precision)
