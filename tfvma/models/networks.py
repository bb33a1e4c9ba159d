"""The layers of a configuration, by the part that they play in a model."""

from __future__ import annotations

from typing import Any

import keras

from tfvma.config import ModelConfig
from tfvma.layers.conv_decoder import ConvDecoder
from tfvma.layers.conv_posterior import ConvPosterior
from tfvma.layers.conv_pyramid import ConvEmbedding, ConvPyramid
from tfvma.layers.gaussian_head import GaussianHead
from tfvma.layers.mlp_decoder import MLPDecoder
from tfvma.layers.mlp_encoder import MLPEmbedding, MLPEncoder
from tfvma.layers.mlp_posterior import MLPPosterior
from tfvma.layers.plain_conv_decoder import PlainConvDecoder
from tfvma.layers.plain_mlp_decoder import PlainMLPDecoder

# Of a learned m_a (paper, section 4.1).
_ENTRY_DIM = 256


class ConvNetwork:
    """Convolutions over images (paper, section 4.2).

    Args:
        size: of the model.
        dtype: a Keras dtype policy.
    """

    def __init__(self, size: ModelConfig, dtype: str):
        self._size = size
        self._dtype = dtype

    @property
    def entry_shape(self) -> tuple[int, ...]:
        """Of a learned m_a; the paper does not give it. That of an image."""
        return self._size.image_size, self._size.image_size, 1

    def embedding(self, name: str) -> keras.layers.Layer:
        """h or h_q."""
        return ConvEmbedding(self._size.key_dim, name=name, **self._common())

    def encoder(self, name: str) -> keras.layers.Layer:
        """Images or entries to a list of features."""
        size = self._size
        return ConvPyramid(size.filters, size.stride_first, dtype=self._dtype, name=name)

    def head(self, name: str) -> keras.layers.Layer:
        """The last of these features to the parameters of z."""
        size = self._size
        return GaussianHead(size.latent_dim, size.hidden_units, dtype=self._dtype, name=name)

    def posterior(self, name: str) -> keras.layers.Layer:
        """q(z | m, x)."""
        return ConvPosterior(self._size.latent_dim, name=name, **self._common())

    def decoder(self, name: str) -> keras.layers.Layer:
        """p(x | z, m)."""
        size = self._size
        return ConvDecoder(size.image_size, size.latent_dim, name=name, **self._common())

    def plain_decoder(self, name: str) -> keras.layers.Layer:
        """p(x | z)."""
        size = self._size
        return PlainConvDecoder(
            size.image_size,
            size.latent_dim,
            size.filters,
            size.stride_first,
            dtype=self._dtype,
            name=name,
        )

    def _common(self) -> dict[str, Any]:
        return {
            "filters": self._size.filters,
            "stride_first": self._size.stride_first,
            "hidden_units": self._size.hidden_units,
            "dtype": self._dtype,
        }


class MLPNetwork:
    """Two dense layers with ReLU in each part (paper, section 4.1).

    Args and methods: see ConvNetwork.
    """

    def __init__(self, size: ModelConfig, dtype: str):
        self._size = size
        self._dtype = dtype

    @property
    def entry_shape(self) -> tuple[int, ...]:
        return (_ENTRY_DIM,)

    def embedding(self, name: str) -> keras.layers.Layer:
        return MLPEmbedding(self._size.key_dim, self._size.units, dtype=self._dtype, name=name)

    def encoder(self, name: str) -> keras.layers.Layer:
        return MLPEncoder(self._size.units[:1], dtype=self._dtype, name=name)

    def head(self, name: str) -> keras.layers.Layer:
        size = self._size
        return GaussianHead(size.latent_dim, size.units[1], dtype=self._dtype, name=name)

    def posterior(self, name: str) -> keras.layers.Layer:
        size = self._size
        return MLPPosterior(size.latent_dim, size.units, dtype=self._dtype, name=name)

    def decoder(self, name: str) -> keras.layers.Layer:
        size = self._size
        return MLPDecoder(
            size.image_size,
            size.latent_dim,
            size.units[::-1],
            size.entry_to_logits,
            dtype=self._dtype,
            name=name,
        )

    def plain_decoder(self, name: str) -> keras.layers.Layer:
        size = self._size
        return PlainMLPDecoder(
            size.image_size, size.latent_dim, size.units[::-1], dtype=self._dtype, name=name
        )


NETWORKS = {"conv": ConvNetwork, "mlp": MLPNetwork}
