"""Fully connected encoders of memory entries and targets."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from tfvma.errors import InvalidArgumentError
from tfvma.layers.flat_size import flat_size


def check_units(units: tuple[int, ...]) -> tuple[int, ...]:
    """Raises InvalidArgumentError unless there is at least one positive width."""
    units = tuple(units)
    if not units or min(units) < 1:
        raise InvalidArgumentError(f"units={units}: expected a positive width per layer.")
    return units


def flatten(values: tf.Tensor) -> tf.Tensor:
    """[N, ...] to [N, F], for entries that are vectors or images."""
    return tf.reshape(values, [-1, math.prod(values.shape[1:])])


@keras.saving.register_keras_serializable("tfvma")
class MLPEncoder(keras.layers.Layer):
    """Dense layers with ReLU (paper, section 4.1); the counterpart of ConvPyramid.

    Call: entries [N, ...] to the list [entries, layer 1, ..., layer L].

    Args:
        units: width of each layer. A GaussianHead on top adds one more; the paper's
            two layers are units=(256,) below a head with 128 hidden units.
    """

    def __init__(self, units: tuple[int, ...] = (256, 128), **layer_options):
        super().__init__(**layer_options)
        self.units = check_units(units)
        self.dense = [
            keras.layers.Dense(
                width,
                "relu",
                kernel_initializer="he_normal",
                dtype=self.dtype_policy,
                name=f"dense{layer}",
            )
            for layer, width in enumerate(self.units, start=1)
        ]

    def build(self, entries_shape):
        sizes = (flat_size(entries_shape, self.name), *self.units)
        for dense, size in zip(self.dense, sizes, strict=False):
            dense.build((None, size))
        self.built = True

    def call(self, entries):
        features = [entries]
        hidden = flatten(entries)
        for dense in self.dense:
            hidden = dense(hidden)
            features.append(hidden)
        return features

    def compute_output_shape(self, entries_shape):
        return [entries_shape, *((entries_shape[0], width) for width in self.units)]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable("tfvma")
class MLPEmbedding(keras.layers.Layer):
    """Dense ReLU layers and a linear one: h or h_q (paper, equation 6).

    Call: images or entries [N, ...] to float32 [N, E].

    Args:
        embedding_dim: E.
        units: see MLPEncoder.
    """

    def __init__(
        self, embedding_dim: int = 128, units: tuple[int, ...] = (256, 128), **layer_options
    ):
        super().__init__(**layer_options)
        self.embedding_dim = embedding_dim
        self.encoder = MLPEncoder(units, dtype=self.dtype_policy, name="encoder")
        self.embedding = keras.layers.Dense(embedding_dim, dtype="float32", name="embedding")

    def build(self, inputs_shape):
        self.encoder.build(inputs_shape)
        self.embedding.build((None, self.encoder.units[-1]))
        self.built = True

    def call(self, inputs):
        return self.embedding(self.encoder(inputs)[-1])

    def compute_output_shape(self, inputs_shape):
        return inputs_shape[0], self.embedding_dim

    def get_config(self):
        return {
            **super().get_config(),
            "embedding_dim": self.embedding_dim,
            "units": self.encoder.units,
        }
