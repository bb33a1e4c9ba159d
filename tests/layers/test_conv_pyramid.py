from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfvma.errors import InvalidArgumentError
from tfvma.layers.conv_pyramid import (
    ConvEmbedding,
    ConvPyramid,
    check_filters,
    pyramid_sizes,
    pyramid_strides,
)


def test_every_second_layer_is_strided():
    assert pyramid_strides(6, stride_first=True) == (2, 1, 2, 1, 2, 1)
    assert pyramid_strides(6, stride_first=False) == (1, 2, 1, 2, 1, 2)
    assert pyramid_strides(3, stride_first=True) == (2, 1, 2)


@pytest.mark.parametrize(
    ("image_size", "stride_first", "sizes"),
    [
        (26, True, (26, 13, 13, 7, 7, 4, 4)),
        (26, False, (26, 26, 13, 13, 7, 7, 4)),
        (28, True, (28, 14, 14, 7, 7, 4, 4)),
    ],
)
def test_sizes_down_to_an_eighth(image_size, stride_first, sizes):
    assert pyramid_sizes(image_size, pyramid_strides(6, stride_first)) == sizes


@pytest.mark.parametrize("stride_first", [True, False])
def test_features_are_those_of_a_stack_of_convolutions(stride_first):
    filters = (2, 3, 4)
    images = tf.random.normal([2, 7, 7, 1])
    pyramid = ConvPyramid(filters, stride_first)
    features = pyramid(images)
    assert len(features) == 4
    np.testing.assert_array_equal(features[0], images)

    hidden = images
    strides = pyramid_strides(3, stride_first)
    for convolution, stride, found in zip(pyramid.convolutions, strides, features[1:], strict=True):
        kernel, bias = convolution.get_weights()
        hidden = tf.nn.relu(tf.nn.conv2d(hidden, kernel, stride, "SAME") + bias)
        np.testing.assert_allclose(found, hidden, rtol=1e-5, atol=1e-6)


def test_images_may_be_wider_than_high_and_have_colours():
    features = ConvPyramid((2, 3))(tf.zeros([1, 6, 9, 3]))
    assert [tuple(feature.shape) for feature in features] == [
        (1, 6, 9, 3),
        (1, 3, 5, 2),
        (1, 3, 5, 3),
    ]


def test_images_may_be_of_any_size():
    pyramid = ConvPyramid((2, 3))
    shapes = [(None, None, None, 1), (None, None, None, 2), (None, None, None, 3)]
    assert pyramid.compute_output_shape((None, None, None, 1)) == shapes
    pyramid.build((None, None, None, 1))
    assert [feature.shape[1] for feature in pyramid(tf.zeros([1, 6, 6, 1]))] == [6, 3, 3]


def test_an_embedding_of_any_size_is_refused():
    with pytest.raises(InvalidArgumentError, match="a known size .* 'key' has weights for each"):
        ConvEmbedding(3, (2, 4), name="key").build((None, None, None, 1))


def test_embedding_is_an_mlp_on_the_top_of_a_pyramid():
    layer = ConvEmbedding(3, (2, 4), hidden_units=5)
    images = tf.random.normal([2, 6, 6, 1])
    embedding = layer(images)
    top = keras.ops.reshape(layer.pyramid(images)[-1], [2, -1])
    np.testing.assert_allclose(embedding, layer.embedding(layer.hidden(top)), rtol=1e-6)
    # The last layer is linear, so that a key can point anywhere.
    assert np.min(embedding) < 0.0


def test_embedding_is_float32_in_mixed_precision():
    layer = ConvEmbedding(3, (2, 4), hidden_units=5, dtype="mixed_bfloat16")
    assert layer(tf.random.normal([2, 6, 6, 1])).dtype == tf.float32
    assert layer.pyramid(tf.random.normal([2, 6, 6, 1]))[-1].dtype == tf.bfloat16


@pytest.mark.parametrize("filters", [(), (8, 0), (-1,)])
def test_widths_are_positive(filters):
    with pytest.raises(InvalidArgumentError, match="filters=.*positive width per layer"):
        check_filters(filters)
    with pytest.raises(InvalidArgumentError):
        ConvPyramid(filters)
