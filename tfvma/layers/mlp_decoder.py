"""p(x | z, m_a) by dense layers."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from tfvma.layers.mlp_encoder import check_units, flatten


@keras.saving.register_keras_serializable("tfvma")
class MLPDecoder(keras.layers.Layer):
    """Dense ReLU layers over the concatenation of z and m_a (paper, section 4.1).

    The first is linear before its ReLU, so over [z, m] it is one of z plus one of m:
    `condition` computes the second once per entry, `from_condition` runs once per
    sample. Of the entry's features it reads the first, the entry itself. With `entry_to_logits`
    a linear map of the entry is added to the logits, by which an entry of H * W values can be
    copied pixel by pixel: the hidden layers are too narrow for that.

    Call: `z` [N, D], `features`, the list that MLPEncoder gives for the N entries,
    to float32 logits [N, H, W, 1].

    Args:
        image_size: H = W.
        latent_dim: D.
        units: width of each layer; the encoder's, mirrored.
        entry_to_logits: the map starts as so many times the identity; 0 for no such map.
    """

    def __init__(
        self,
        image_size: int = 28,
        latent_dim: int = 32,
        units: tuple[int, ...] = (128, 256),
        entry_to_logits: float = 0.0,
        **layer_options,
    ):
        super().__init__(**layer_options)
        self.image_size = image_size
        self.latent_dim = latent_dim
        self.units = check_units(units)
        self.entry_to_logits = entry_to_logits
        policy = self.dtype_policy
        # Two summands share the variance that suits a ReLU (He et al. 2015); the bias is in
        # the part that runs once per entry.
        self.z_dense = keras.layers.Dense(
            self.units[0],
            use_bias=False,
            kernel_initializer="lecun_normal",
            dtype=policy,
            name="dense1_z",
        )
        self.entry_dense = keras.layers.Dense(
            self.units[0], kernel_initializer="lecun_normal", dtype=policy, name="dense1_entry"
        )
        self.hidden = [
            keras.layers.Dense(
                width, "relu", kernel_initializer="he_normal", dtype=policy, name=f"dense{layer}"
            )
            for layer, width in enumerate(self.units[1:], start=2)
        ]
        self.logits = keras.layers.Dense(image_size**2, dtype="float32", name="logits")
        if entry_to_logits:
            self.entry_logits = keras.layers.Dense(
                image_size**2,
                use_bias=False,
                kernel_initializer=keras.initializers.Identity(entry_to_logits),
                dtype="float32",
                name="entry_logits",
            )

    def build(self, z_shape, features_shape):
        self.z_dense.build((None, self.latent_dim))
        entry_size = math.prod(features_shape[0][1:])
        self.entry_dense.build((None, entry_size))
        for dense, size in zip(self.hidden, self.units, strict=False):
            dense.build((None, size))
        self.logits.build((None, self.units[-1]))
        if self.entry_to_logits:
            self.entry_logits.build((None, entry_size))
        self.built = True

    def condition(self, features: list[tf.Tensor]) -> list[tf.Tensor]:
        """What the decoder reads of M entries: [M, units[0]] and, with `entry_to_logits`,
        [M, H * W]."""
        entry = flatten(features[0])
        linear = [self.entry_logits(entry)] if self.entry_to_logits else []
        return [self.entry_dense(entry), *linear]

    def from_condition(self, z: tf.Tensor, condition: list[tf.Tensor]) -> tf.Tensor:
        """Logits [N, H, W, 1] from z [N, D] and the condition of each sample's entry."""
        hidden = tf.nn.relu(self.z_dense(z) + condition[0])
        for dense in self.hidden:
            hidden = dense(hidden)
        logits = tf.add_n([self.logits(hidden), *condition[1:]])
        return tf.reshape(logits, [-1, self.image_size, self.image_size, 1])

    @property
    def logit_layers(self) -> list[keras.layers.Layer]:
        """What the logits are a sum of."""
        return [self.logits, self.entry_logits] if self.entry_to_logits else [self.logits]

    def call(self, z, features):
        return self.from_condition(z, self.condition(features))

    def compute_output_shape(self, z_shape, features_shape):
        return z_shape[0], self.image_size, self.image_size, 1

    def get_config(self):
        return {
            **super().get_config(),
            "image_size": self.image_size,
            "latent_dim": self.latent_dim,
            "units": self.units,
            "entry_to_logits": self.entry_to_logits,
        }
