"""The committed model, for benchmarks whose work depends on what it learned."""

from __future__ import annotations

from pathlib import Path

from tfvma.config import Config
from tfvma.models.build import build_model
from tfvma.models.vma import VariationalMemoryAddressing
from tfvma.restore_weights import restore_weights
from tfvma.training.run_folder import RunFolder, read_config

SAVED_MODEL = Path(__file__).parent.parent / "savedmodels" / "omniglot26_vma_4shot"


def trained_model() -> tuple[VariationalMemoryAddressing, Config]:
    """The model in float32, and its configuration."""
    config = read_config(RunFolder(SAVED_MODEL))
    model = build_model(config, precision="float32")
    restore_weights(model, SAVED_MODEL)
    return model, config
