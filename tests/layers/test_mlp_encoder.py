from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfvma.errors import InvalidArgumentError
from tfvma.layers.mlp_encoder import MLPEmbedding, MLPEncoder


def test_features_are_those_of_dense_layers():
    encoder = MLPEncoder((5, 4))
    entries = tf.random.normal([3, 7])
    features = encoder(entries)
    kernel1, bias1, kernel2, bias2 = encoder.get_weights()
    hidden = tf.nn.relu(entries @ kernel1 + bias1)
    expected = [entries, hidden, tf.nn.relu(hidden @ kernel2 + bias2)]
    for one, other in zip(features, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_the_papers_widths_are_the_default():
    encoder = MLPEncoder()
    assert [shape[-1] for shape in encoder.compute_output_shape((None, 256))] == [256, 256, 128]


def test_images_are_flattened_but_handed_on_as_they_are():
    encoder = MLPEncoder((5,))
    images = tf.random.normal([3, 4, 4, 1])
    features = encoder(images)
    assert features[0].shape == images.shape
    np.testing.assert_allclose(features[1], encoder(tf.reshape(images, [3, 16]))[1], rtol=1e-6)


def test_embedding_is_linear_on_top():
    layer = MLPEmbedding(3, (5, 4))
    inputs = tf.random.normal([6, 7])
    embedding = layer(inputs)
    kernel, bias = layer.embedding.get_weights()
    np.testing.assert_allclose(embedding, layer.encoder(inputs)[-1] @ kernel + bias, rtol=1e-5)
    assert np.min(embedding) < 0.0


def test_embedding_is_float32_in_mixed_precision():
    layer = MLPEmbedding(3, (5, 4), dtype="mixed_bfloat16")
    assert layer(tf.random.normal([2, 7])).dtype == tf.float32
    assert layer.encoder(tf.random.normal([2, 7]))[-1].dtype == tf.bfloat16


@pytest.mark.parametrize("units", [(), (8, 0)])
def test_widths_are_positive(units):
    with pytest.raises(InvalidArgumentError, match="units=.*positive width per layer"):
        MLPEncoder(units)
