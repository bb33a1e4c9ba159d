"""p(x | z) for images: upscaling with nothing to read."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvma.layers.conv_decoder import Upscale
from tfvma.layers.conv_pyramid import check_filters, pyramid_sizes, pyramid_strides


@keras.saving.register_keras_serializable("tfvma")
class PlainConvDecoder(keras.layers.Layer):
    """Maps z to pixel logits: ConvDecoder without its connections from an entry.

    Call: `z` [N, D] to float32 logits [N, H, W, 1].

    Args:
        image_size: H = W.
        latent_dim: D.
        filters, stride_first: those of a pyramid, mirrored here.
    """

    def __init__(
        self,
        image_size: int = 26,
        latent_dim: int = 64,
        filters: tuple[int, ...] = (48, 48, 64, 64, 64, 64),
        stride_first: bool = True,
        **layer_options,
    ):
        super().__init__(**layer_options)
        self.image_size = image_size
        self.latent_dim = latent_dim
        self.filters = check_filters(filters)
        self.stride_first = stride_first

        strides = pyramid_strides(len(self.filters), stride_first)
        sizes = pyramid_sizes(image_size, strides)
        widths = (1, *self.filters[:-1])
        self.top_size = sizes[-1]
        self.top_units = sizes[-1] ** 2 * self.filters[-1]
        self.z_dense = keras.layers.Dense(
            self.top_units,
            "relu",
            kernel_initializer="he_normal",
            dtype=self.dtype_policy,
            name="z_dense",
        )
        self.upscales = [
            Upscale(
                widths[i],
                sizes[i],
                strides[i],
                summands=1,
                dtype=self.dtype_policy,
                name=f"up{i + 1}",
            )
            for i in reversed(range(len(self.filters)))
        ]

    def build(self, z_shape):
        self.z_dense.build((None, self.latent_dim))
        shape = (None, self.top_size, self.top_size, self.filters[-1])
        for upscale in self.upscales:
            upscale.build(shape)
            shape = upscale.compute_output_shape(shape)
        self.built = True

    @property
    def logit_layers(self) -> list[keras.layers.Layer]:
        """What the logits are a sum of."""
        return [self.upscales[-1]]

    def call(self, z):
        shape = [-1, self.top_size, self.top_size, self.filters[-1]]
        hidden = tf.reshape(self.z_dense(z), shape)
        for upscale in self.upscales[:-1]:
            hidden = tf.nn.relu(upscale(hidden))
        return tf.cast(self.upscales[-1](hidden), tf.float32)

    def compute_output_shape(self, z_shape):
        return z_shape[0], self.image_size, self.image_size, 1

    def get_config(self):
        return {
            **super().get_config(),
            "image_size": self.image_size,
            "latent_dim": self.latent_dim,
            "filters": self.filters,
            "stride_first": self.stride_first,
        }
