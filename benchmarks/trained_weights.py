"""The Python model of a SavedModel, for benchmarks that need its layers."""

from __future__ import annotations

import json
from pathlib import Path

import tensorflow as tf

from tfvma.config import from_dict
from tfvma.models.build import build_model
from tfvma.models.vma import VariationalMemoryAddressing


def trained_model(home: Path, version: int = 1) -> VariationalMemoryAddressing:
    """The model of `home`/config.json with the variables of the SavedModel in `home`/`version`."""
    model = build_model(from_dict(json.loads((home / "config.json").read_text())))
    values = tf.train.load_checkpoint(home / str(version) / "variables" / "variables")
    for weight in model.trainable_weights:
        path = weight.path.replace("/", ".S")
        weight.assign(values.get_tensor(f"weights/{path}/.ATTRIBUTES/VARIABLE_VALUE"))
    return model
