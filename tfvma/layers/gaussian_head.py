"""Features to the parameters of a diagonal normal."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from tfvma.layers.flat_size import flat_size

# softplus(_UNIT_OFFSET) = 1, so that an untrained head gives about a standard normal.
_UNIT_OFFSET = math.log(math.e - 1.0)
_SMALLEST_SCALE = 1e-3


@keras.saving.register_keras_serializable("tfvma")
class GaussianHead(keras.layers.Layer):
    """An MLP with one hidden layer that gives the mean and standard deviation of z.

    Call: features [N, ...] (flattened) to (loc, scale), float32 [N, D] each.

    Args:
        latent_dim: D.
        hidden_units: width of the hidden ReLU layer.
    """

    def __init__(self, latent_dim: int, hidden_units: int = 256, **layer_options):
        super().__init__(**layer_options)
        self.latent_dim = latent_dim
        self.hidden_units = hidden_units
        self.hidden = keras.layers.Dense(
            hidden_units,
            "relu",
            kernel_initializer="he_normal",
            dtype=self.dtype_policy,
            name="hidden",
        )
        self.parameters = keras.layers.Dense(2 * latent_dim, dtype="float32", name="parameters")

    def build(self, features_shape):
        self.hidden.build((features_shape[0], flat_size(features_shape, self.name)))
        self.parameters.build((features_shape[0], self.hidden_units))
        self.built = True

    def call(self, features):
        size = math.prod(features.shape[1:])
        loc, raw_scale = tf.split(
            self.parameters(self.hidden(tf.reshape(features, [-1, size]))), 2, axis=-1
        )
        return loc, tf.nn.softplus(raw_scale + _UNIT_OFFSET) + _SMALLEST_SCALE

    def compute_output_shape(self, features_shape):
        shape = (features_shape[0], self.latent_dim)
        return shape, shape

    def get_config(self):
        return {
            **super().get_config(),
            "latent_dim": self.latent_dim,
            "hidden_units": self.hidden_units,
        }
