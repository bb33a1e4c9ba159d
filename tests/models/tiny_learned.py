"""The model with a learned memory as small as it gets."""

from __future__ import annotations

from tfvma.layers.addressing import Addressing
from tfvma.layers.gaussian_head import GaussianHead
from tfvma.layers.memory import LearnedMemory
from tfvma.layers.mlp_decoder import MLPDecoder
from tfvma.layers.mlp_encoder import MLPEmbedding, MLPEncoder
from tfvma.layers.mlp_posterior import MLPPosterior
from tfvma.models.vma import VariationalMemoryAddressing

SIZE, LATENT_DIM, SLOTS, ENTRY = 6, 2, 5, 7


def learned_model() -> VariationalMemoryAddressing:
    """An MLP over a memory of 5 slots in R^7."""
    return VariationalMemoryAddressing(
        memory=LearnedMemory(SLOTS, (ENTRY,), name="memory"),
        addressing=Addressing(
            MLPEmbedding(3, (6,), name="key"), MLPEmbedding(3, (6,), name="query"), name="address"
        ),
        entry_encoder=MLPEncoder((6,), name="entry_encoder"),
        prior_head=GaussianHead(LATENT_DIM, 5, name="prior"),
        posterior=MLPPosterior(LATENT_DIM, (6, 5), name="posterior"),
        decoder=MLPDecoder(SIZE, LATENT_DIM, (5, 6), name="decoder"),
        image_shape=(SIZE, SIZE, 1),
        name="learned",
    )
