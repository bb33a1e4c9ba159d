"""Generative models over external memories."""

from tfvma.models.build import build_model
from tfvma.models.soft_attention_vae import SoftAttentionVAE
from tfvma.models.vae import VariationalAutoencoder
from tfvma.models.vma import VariationalMemoryAddressing

__all__ = [
    "SoftAttentionVAE",
    "VariationalAutoencoder",
    "VariationalMemoryAddressing",
    "build_model",
]
