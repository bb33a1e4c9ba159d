"""Generative models over external memories."""

from tfvma.models.build import build_model
from tfvma.models.vma import VariationalMemoryAddressing

__all__ = ["VariationalMemoryAddressing", "build_model"]
