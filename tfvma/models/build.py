"""A configuration to a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfvma.config import Config, ModelConfig
from tfvma.layers.addressing import Addressing
from tfvma.layers.conv_decoder import ConvDecoder
from tfvma.layers.conv_posterior import ConvPosterior
from tfvma.layers.conv_pyramid import ConvEmbedding, ConvPyramid
from tfvma.layers.gaussian_head import GaussianHead
from tfvma.layers.memory import EpisodicMemory
from tfvma.layers.mlp_encoder import MLPEmbedding
from tfvma.layers.plain_conv_decoder import PlainConvDecoder
from tfvma.layers.soft_attention import SoftAttention
from tfvma.models.episodic import EpisodicModel
from tfvma.models.soft_attention_vae import SoftAttentionVAE
from tfvma.models.vae import VariationalAutoencoder
from tfvma.models.vma import VariationalMemoryAddressing
from tfvma.validation import check_choice


def build_model(config: Config, precision: str | None = None) -> EpisodicModel:
    """The few-shot model of `config`, built but not compiled.

    Args:
        config: what to build; `config.model.family` says which model.
        precision: a Keras dtype policy in the place of `config.training.precision`;
            weights are float32 under "mixed_bfloat16" too, so that they fit both.
    """
    check_choice("model.family", config.model.family, _BUILDERS)
    size = config.model
    build = _BUILDERS[size.family]
    return build(
        size,
        precision or config.training.precision,
        image_shape=(size.image_size, size.image_size, 1),
        num_samples=config.training.num_samples,
        l2=config.training.l2,
        seed=config.training.seed,
    )


def _vma(size: ModelConfig, dtype: str, **options) -> VariationalMemoryAddressing:
    network = _network(size, dtype)
    return VariationalMemoryAddressing(
        memory=EpisodicMemory(dtype=dtype, name="memory"),
        addressing=Addressing(
            ConvEmbedding(size.key_dim, name="key_embedding", **network),
            None if size.tied else ConvEmbedding(size.key_dim, name="query_embedding", **network),
            similarity=size.similarity,
            prior=size.prior,
            dtype=dtype,
            name="addressing",
        ),
        entry_encoder=_pyramid(size, dtype, "pyramid"),
        prior_head=_head(size, dtype, "prior"),
        posterior=ConvPosterior(size.latent_dim, name="posterior", **network),
        decoder=ConvDecoder(size.image_size, size.latent_dim, name="decoder", **network),
        name="variational_memory_addressing",
        **options,
    )


def _soft_attention(size: ModelConfig, dtype: str, **options) -> SoftAttentionVAE:
    units = (size.hidden_units,)
    return SoftAttentionVAE(
        encoder=_pyramid(size, dtype, "encoder"),
        posterior_head=_head(size, dtype, "posterior"),
        entry_encoder=_pyramid(size, dtype, "pyramid"),
        attention=SoftAttention(
            MLPEmbedding(size.key_dim, units, dtype=dtype, name="key_embedding"),
            MLPEmbedding(size.key_dim, units, dtype=dtype, name="query_embedding"),
            similarity=size.similarity,
            dtype=dtype,
            name="attention",
        ),
        decoder=ConvDecoder(
            size.image_size, size.latent_dim, name="decoder", **_network(size, dtype)
        ),
        name="soft_attention_vae",
        **options,
    )


def _vae(size: ModelConfig, dtype: str, **options) -> VariationalAutoencoder:
    return VariationalAutoencoder(
        encoder=_pyramid(size, dtype, "encoder"),
        posterior_head=_head(size, dtype, "posterior"),
        decoder=PlainConvDecoder(
            size.image_size,
            size.latent_dim,
            size.filters,
            size.stride_first,
            dtype=dtype,
            name="decoder",
        ),
        name="variational_autoencoder",
        **options,
    )


_BUILDERS: dict[str, Callable[..., EpisodicModel]] = {
    "vma": _vma,
    "soft_attention": _soft_attention,
    "vae": _vae,
}


def _network(size: ModelConfig, dtype: str) -> dict[str, Any]:
    """What embeddings, posteriors and decoders have in common."""
    return {
        "filters": size.filters,
        "stride_first": size.stride_first,
        "hidden_units": size.hidden_units,
        "dtype": dtype,
    }


def _pyramid(size: ModelConfig, dtype: str, name: str) -> ConvPyramid:
    return ConvPyramid(size.filters, size.stride_first, dtype=dtype, name=name)


def _head(size: ModelConfig, dtype: str, name: str) -> GaussianHead:
    return GaussianHead(size.latent_dim, size.hidden_units, dtype=dtype, name=name)
