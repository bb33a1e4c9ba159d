"""A configuration to a model."""

from __future__ import annotations

from collections.abc import Callable

from tfvma.config import PRECISIONS, Config, ModelConfig, check_model
from tfvma.layers.addressing import Addressing
from tfvma.layers.memory import EpisodicMemory, LearnedMemory
from tfvma.layers.mlp_encoder import MLPEmbedding
from tfvma.layers.soft_attention import SoftAttention
from tfvma.models.episodic import EpisodicModel
from tfvma.models.networks import NETWORKS
from tfvma.models.soft_attention_vae import SoftAttentionVAE
from tfvma.models.vae import VariationalAutoencoder
from tfvma.models.vma import VariationalMemoryAddressing
from tfvma.validation import check_choice


def build_model(config: Config, precision: str | None = None) -> EpisodicModel:
    """The model of `config`, built but not compiled.

    Args:
        config: what to build; `config.model.family` says which model.
        precision: "float32" or "mixed_bfloat16", in the place of `config.training.precision`;
            weights are float32 under both, so that they fit both.

    Raises:
        InvalidArgumentError: for a precision that is none of these, and as `check_model`.
    """
    size = config.model
    check_model(size)
    if precision is None:
        precision = config.training.precision
    check_choice("precision", precision, PRECISIONS)
    build = _BUILDERS[size.family]
    return build(
        size,
        precision,
        image_shape=(size.image_size, size.image_size, 1),
        num_samples=config.training.num_samples,
        l2=config.training.l2,
        seed=config.training.seed,
    )


def _vma(size: ModelConfig, dtype: str, **options) -> VariationalMemoryAddressing:
    network = NETWORKS[size.network](size, dtype)
    return VariationalMemoryAddressing(
        memory=(
            LearnedMemory(size.memory_size, network.entry_shape, dtype=dtype, name="memory")
            if size.memory_size
            else EpisodicMemory(dtype=dtype, name="memory")
        ),
        addressing=Addressing(
            network.embedding("key_embedding"),
            None if size.tied else network.embedding("query_embedding"),
            similarity=size.similarity,
            prior=size.prior,
            dtype=dtype,
            name="addressing",
        ),
        entry_encoder=network.encoder("pyramid"),
        prior_head=network.head("prior"),
        posterior=network.posterior("posterior"),
        decoder=network.decoder("decoder"),
        name="variational_memory_addressing",
        **options,
    )


def _soft_attention(size: ModelConfig, dtype: str, **options) -> SoftAttentionVAE:
    network = NETWORKS[size.network](size, dtype)
    units = (size.hidden_units,)
    return SoftAttentionVAE(
        encoder=network.encoder("encoder"),
        posterior_head=network.head("posterior"),
        entry_encoder=network.encoder("pyramid"),
        attention=SoftAttention(
            MLPEmbedding(size.key_dim, units, dtype=dtype, name="key_embedding"),
            MLPEmbedding(size.key_dim, units, dtype=dtype, name="query_embedding"),
            similarity=size.similarity,
            dtype=dtype,
            name="attention",
        ),
        decoder=network.decoder("decoder"),
        name="soft_attention_vae",
        **options,
    )


def _vae(size: ModelConfig, dtype: str, **options) -> VariationalAutoencoder:
    network = NETWORKS[size.network](size, dtype)
    return VariationalAutoencoder(
        encoder=network.encoder("encoder"),
        posterior_head=network.head("posterior"),
        decoder=network.plain_decoder("decoder"),
        name="variational_autoencoder",
        **options,
    )


_BUILDERS: dict[str, Callable[..., EpisodicModel]] = {
    "vma": _vma,
    "soft_attention": _soft_attention,
    "vae": _vae,
}
