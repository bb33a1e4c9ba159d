"""p(x | z) by dense layers, with nothing to read."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvma.layers.mlp_encoder import check_units


@keras.saving.register_keras_serializable("tfvma")
class PlainMLPDecoder(keras.layers.Layer):
    """Dense ReLU layers over z: MLPDecoder without its connection from an entry.

    Call: `z` [N, D] to float32 logits [N, H, W, 1].

    Args:
        image_size: H = W.
        latent_dim: D.
        units: width of each layer; the encoder's, mirrored.
    """

    def __init__(
        self,
        image_size: int = 28,
        latent_dim: int = 32,
        units: tuple[int, ...] = (128, 256),
        **layer_options,
    ):
        super().__init__(**layer_options)
        self.image_size = image_size
        self.latent_dim = latent_dim
        self.units = check_units(units)
        self.hidden = [
            keras.layers.Dense(
                width,
                "relu",
                kernel_initializer="he_normal",
                dtype=self.dtype_policy,
                name=f"dense{layer}",
            )
            for layer, width in enumerate(self.units, start=1)
        ]
        self.logits = keras.layers.Dense(image_size**2, dtype="float32", name="logits")

    def build(self, z_shape):
        sizes = (self.latent_dim, *self.units)
        for dense, size in zip((*self.hidden, self.logits), sizes, strict=True):
            dense.build((None, size))
        self.built = True

    @property
    def logit_layers(self) -> list[keras.layers.Layer]:
        """What the logits are a sum of."""
        return [self.logits]

    def call(self, z):
        hidden = z
        for dense in self.hidden:
            hidden = dense(hidden)
        return tf.reshape(self.logits(hidden), [-1, self.image_size, self.image_size, 1])

    def compute_output_shape(self, z_shape):
        return z_shape[0], self.image_size, self.image_size, 1

    def get_config(self):
        return {
            **super().get_config(),
            "image_size": self.image_size,
            "latent_dim": self.latent_dim,
            "units": self.units,
        }
