"""Convolutional downscaling pyramids over images."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from tfvma.errors import InvalidArgumentError
from tfvma.layers.flat_size import flat_size


def pyramid_strides(num_layers: int, stride_first: bool) -> tuple[int, ...]:
    """Every second layer has stride 2: the first of each pair, or the second."""
    strided = 0 if stride_first else 1
    return tuple(2 if layer % 2 == strided else 1 for layer in range(num_layers))


def pyramid_sizes(image_size: int | None, strides: tuple[int, ...]) -> tuple[int | None, ...]:
    """Side of the image and of every layer's output, len(strides) + 1 numbers; None where that
    of the image is not known."""
    if image_size is None:
        return (None,) * (len(strides) + 1)
    sizes = [image_size]
    for stride in strides:
        sizes.append(math.ceil(sizes[-1] / stride))
    return tuple(sizes)


def check_filters(filters: tuple[int, ...], at_least: int = 1) -> tuple[int, ...]:
    """Raises InvalidArgumentError unless there are so many widths, all of them positive."""
    filters = tuple(filters)
    if len(filters) < at_least or min(filters) < 1:
        raise InvalidArgumentError(
            f"filters={filters}: expected a positive width per layer, {at_least} or more."
        )
    return filters


@keras.saving.register_keras_serializable("tfvma")
class ConvPyramid(keras.layers.Layer):
    """3x3 convolutions with ReLU, every second one with stride 2 (paper, section 4.2).

    Call: images [N, H, W, C] to the list [images, layer 1, ..., layer L]: what
    skip connections need, at every scale.

    Args:
        filters: feature maps of each layer.
        stride_first: strides at layers 1, 3, 5 (about half the cost) rather than 2, 4, 6.
    """

    def __init__(
        self,
        filters: tuple[int, ...] = (48, 48, 64, 64, 64, 64),
        stride_first: bool = True,
        **layer_options,
    ):
        super().__init__(**layer_options)
        self.filters = check_filters(filters)
        self.stride_first = stride_first
        self.strides = pyramid_strides(len(self.filters), stride_first)
        self.convolutions = [
            keras.layers.Conv2D(
                width,
                3,
                strides=stride,
                padding="same",
                activation="relu",
                kernel_initializer="he_normal",
                dtype=self.dtype_policy,
                name=f"conv{layer}",
            )
            for layer, (width, stride) in enumerate(
                zip(self.filters, self.strides, strict=True), start=1
            )
        ]

    def build(self, images_shape):
        for convolution, shape in zip(
            self.convolutions, self.compute_output_shape(images_shape), strict=False
        ):
            convolution.build(shape)
        self.built = True

    def call(self, images):
        features = [images]
        for convolution in self.convolutions:
            features.append(convolution(features[-1]))
        return features

    def compute_output_shape(self, images_shape):
        batch, height, width, _ = images_shape
        heights = pyramid_sizes(height, self.strides)
        widths = pyramid_sizes(width, self.strides)
        channels = (images_shape[-1], *self.filters)
        return [(batch, h, w, c) for h, w, c in zip(heights, widths, channels, strict=True)]

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "stride_first": self.stride_first,
        }


@keras.saving.register_keras_serializable("tfvma")
class ConvEmbedding(keras.layers.Layer):
    """A pyramid and an MLP with one hidden layer: h or h_q (paper, equation 6).

    Call: images [N, H, W, C] to float32 [N, E].

    Args:
        embedding_dim: E.
        filters, stride_first: see ConvPyramid.
        hidden_units: width of the hidden ReLU layer.
    """

    def __init__(
        self,
        embedding_dim: int = 128,
        filters: tuple[int, ...] = (48, 48, 64, 64, 64, 64),
        stride_first: bool = True,
        hidden_units: int = 256,
        **layer_options,
    ):
        super().__init__(**layer_options)
        self.embedding_dim = embedding_dim
        self.hidden_units = hidden_units
        self.pyramid = ConvPyramid(filters, stride_first, dtype=self.dtype_policy, name="pyramid")
        self.hidden = keras.layers.Dense(
            hidden_units,
            "relu",
            kernel_initializer="he_normal",
            dtype=self.dtype_policy,
            name="hidden",
        )
        self.embedding = keras.layers.Dense(embedding_dim, dtype="float32", name="embedding")

    def build(self, images_shape):
        self.pyramid.build(images_shape)
        top = self.pyramid.compute_output_shape(images_shape)[-1]
        self.hidden.build((images_shape[0], flat_size(top, self.name)))
        self.embedding.build((images_shape[0], self.hidden_units))
        self.built = True

    def call(self, images):
        top = self.pyramid(images)[-1]
        flat = tf.reshape(top, [-1, math.prod(top.shape[1:])])
        return self.embedding(self.hidden(flat))

    def compute_output_shape(self, images_shape):
        return images_shape[0], self.embedding_dim

    def get_config(self):
        return {
            **super().get_config(),
            "embedding_dim": self.embedding_dim,
            "filters": self.pyramid.filters,
            "stride_first": self.pyramid.stride_first,
            "hidden_units": self.hidden_units,
        }
