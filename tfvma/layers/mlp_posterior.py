"""q(z | m_a, x) by dense layers, with what x alone and m alone determine kept apart."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvma.errors import InvalidArgumentError
from tfvma.layers.flat_size import flat_size
from tfvma.layers.gaussian_head import GaussianHead
from tfvma.layers.mlp_encoder import check_units, flatten


@keras.saving.register_keras_serializable("tfvma")
class MLPPosterior(keras.layers.Layer):
    """Two dense ReLU layers over the concatenation of x and m_a (paper, section 4.1).

    The first is linear before its ReLU, so over [x, m] it is one of x plus one of m:
    `project_x` runs once per target, `project_entry` once per entry, and only
    `from_projection` once per sample.

    Call: `x` [N, ...], `entry` [N, ...] to (loc, scale), float32 [N, D].

    Args:
        latent_dim: D.
        units: widths of the first and the second layer.
    """

    def __init__(self, latent_dim: int = 32, units: tuple[int, int] = (256, 128), **layer_options):
        super().__init__(**layer_options)
        self.latent_dim = latent_dim
        self.units = check_units(units)
        if len(self.units) != 2:
            raise InvalidArgumentError(f"units={self.units}: expected two widths.")
        first, second = self.units
        # Two summands share the variance that suits a ReLU (He et al. 2015).
        self.x_dense = keras.layers.Dense(
            first, kernel_initializer="lecun_normal", dtype=self.dtype_policy, name="dense1_x"
        )
        self.entry_dense = keras.layers.Dense(
            first,
            use_bias=False,
            kernel_initializer="lecun_normal",
            dtype=self.dtype_policy,
            name="dense1_entry",
        )
        self.head = GaussianHead(latent_dim, second, dtype=self.dtype_policy, name="head")

    def build(self, x_shape, entry_shape):
        self.x_dense.build((None, flat_size(x_shape, self.name)))
        self.entry_dense.build((None, flat_size(entry_shape, self.name)))
        self.head.build((None, self.units[0]))
        self.built = True

    def project_x(self, x):
        """The part of the first layer that depends on x alone."""
        return self.x_dense(flatten(x))

    def project_entry(self, entry):
        """The part of the first layer that depends on m alone."""
        return self.entry_dense(flatten(entry))

    def from_projection(self, projection):
        """(loc, scale) from the sum of both projections, [N, units[0]]."""
        return self.head(tf.nn.relu(projection))

    def call(self, x, entry):
        return self.from_projection(self.project_x(x) + self.project_entry(entry))

    def compute_output_shape(self, x_shape, entry_shape):
        shape = (x_shape[0], self.latent_dim)
        return shape, shape

    def get_config(self):
        return {**super().get_config(), "latent_dim": self.latent_dim, "units": self.units}
