"""A configuration to a model."""

from __future__ import annotations

from tfvma.config import Config
from tfvma.layers.addressing import Addressing
from tfvma.layers.conv_decoder import ConvDecoder
from tfvma.layers.conv_posterior import ConvPosterior
from tfvma.layers.conv_pyramid import ConvEmbedding, ConvPyramid
from tfvma.layers.gaussian_head import GaussianHead
from tfvma.layers.memory import EpisodicMemory
from tfvma.models.vma import VariationalMemoryAddressing


def build_model(config: Config, precision: str | None = None) -> VariationalMemoryAddressing:
    """The few-shot model of `config`, built but not compiled.

    Args:
        config: what to build.
        precision: a Keras dtype policy in the place of `config.training.precision`;
            weights are float32 under "mixed_bfloat16" too, so that they fit both.
    """
    size = config.model
    dtype = precision or config.training.precision
    network = {
        "filters": size.filters,
        "stride_first": size.stride_first,
        "hidden_units": size.hidden_units,
        "dtype": dtype,
    }
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
        entry_encoder=ConvPyramid(size.filters, size.stride_first, dtype=dtype, name="pyramid"),
        prior_head=GaussianHead(size.latent_dim, size.hidden_units, dtype=dtype, name="prior"),
        posterior=ConvPosterior(size.latent_dim, name="posterior", **network),
        decoder=ConvDecoder(size.image_size, size.latent_dim, name="decoder", **network),
        image_shape=(size.image_size, size.image_size, 1),
        num_samples=config.training.num_samples,
        l2=config.training.l2,
        seed=config.training.seed,
        name="variational_memory_addressing",
    )
