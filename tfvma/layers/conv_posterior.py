"""q(z | m_a, x) for images, with what x alone and m alone determine kept apart."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvma.layers.conv_pyramid import ConvPyramid, check_filters, pyramid_strides
from tfvma.layers.gaussian_head import GaussianHead


@keras.saving.register_keras_serializable("tfvma")
class ConvPosterior(keras.layers.Layer):
    """A pyramid over the concatenation of x and m_a, and a Gaussian head.

    The first convolution is linear, so over [x, m] it is one of x plus one of m:
    `project_x` runs once per target, `project_entry` once per entry, and only
    `from_projection` once per sample.

    Call: `x` [N, H, W, C], `entry` [N, H, W, C] to (loc, scale), float32 [N, D].

    Args:
        latent_dim: D.
        filters, stride_first: see ConvPyramid.
        hidden_units: width of the hidden layer of the head.

    Raises InvalidArgumentError for fewer than two filters.
    """

    def __init__(
        self,
        latent_dim: int = 64,
        filters: tuple[int, ...] = (48, 48, 64, 64, 64, 64),
        stride_first: bool = True,
        hidden_units: int = 256,
        **layer_options,
    ):
        super().__init__(**layer_options)
        self.latent_dim = latent_dim
        # The first is of `project_x` and `project_entry`, the rest of what follows.
        self.filters = check_filters(filters, at_least=2)
        self.stride_first = stride_first
        self.hidden_units = hidden_units
        stride = pyramid_strides(1, stride_first)[0]
        self.x_convolution = keras.layers.Conv2D(
            self.filters[0],
            3,
            strides=stride,
            padding="same",
            kernel_initializer="he_normal",
            dtype=self.dtype_policy,
            name="conv1_x",
        )
        self.entry_convolution = keras.layers.Conv2D(
            self.filters[0],
            3,
            strides=stride,
            padding="same",
            kernel_initializer="he_normal",
            use_bias=False,
            dtype=self.dtype_policy,
            name="conv1_entry",
        )
        # The rest of the pyramid starts at the other half of the first pair.
        self.pyramid = ConvPyramid(
            self.filters[1:], not stride_first, dtype=self.dtype_policy, name="pyramid"
        )
        self.head = GaussianHead(latent_dim, hidden_units, dtype=self.dtype_policy, name="head")

    def build(self, x_shape, entry_shape):
        self.x_convolution.build(x_shape)
        self.entry_convolution.build(entry_shape)
        hidden_shape = self.x_convolution.compute_output_shape(x_shape)
        self.pyramid.build(hidden_shape)
        self.head.build(self.pyramid.compute_output_shape(hidden_shape)[-1])
        self.built = True

    def project_x(self, x):
        """The part of the first layer that depends on x alone."""
        return self.x_convolution(x)

    def project_entry(self, entry):
        """The part of the first layer that depends on m alone."""
        return self.entry_convolution(entry)

    def from_projection(self, projection):
        """(loc, scale) from the sum of both projections, [N, h, w, filters[0]]."""
        return self.head(self.pyramid(tf.nn.relu(projection))[-1])

    def call(self, x, entry):
        return self.from_projection(self.project_x(x) + self.project_entry(entry))

    def compute_output_shape(self, x_shape, entry_shape):
        shape = (x_shape[0], self.latent_dim)
        return shape, shape

    def get_config(self):
        return {
            **super().get_config(),
            "latent_dim": self.latent_dim,
            "filters": self.filters,
            "stride_first": self.stride_first,
            "hidden_units": self.hidden_units,
        }
