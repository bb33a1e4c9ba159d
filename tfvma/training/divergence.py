"""Stops a run whose loss or weights are no longer finite."""

from __future__ import annotations

import math
from pathlib import Path

import keras
import tensorflow as tf

from tfvma.errors import DivergedError
from tfvma.training.every import completed_steps


class StopWhenDiverged(keras.callbacks.Callback):
    """Raises DivergedError as soon as a metric is NaN or infinite.

    Args:
        checkpoints: its `latest` is where the run can return to.
    """

    def __init__(self, checkpoints):
        super().__init__()
        self._checkpoints = checkpoints
        self._finite = "none yet"

    def on_train_batch_end(self, batch, logs=None):
        step = completed_steps(self.model)
        values = ", ".join(f"{name} {value:.5g}" for name, value in logs.items())
        if not all(math.isfinite(value) for value in logs.values()):
            raise DivergedError(
                f"step {step}: the loss is no longer finite ({values}); last finite metrics: "
                f"{self._finite}. {_way_back(self._checkpoints.latest)}"
            )
        self._finite = f"step {step}: {values}"


def check_finite_weights(model: keras.Model, step: int, checkpoint: Path | None) -> None:
    """Raises DivergedError unless all weights, averaged ones too, are finite."""
    for variable in [*model.weights, *model.optimizer.variables]:
        if variable.dtype.startswith("float") and not _is_finite(variable.value):
            raise DivergedError(
                f"step {step}: {variable.path} is no longer finite, so that no checkpoint was "
                f"saved. {_way_back(checkpoint)}"
            )


def _is_finite(value: tf.Tensor) -> bool:
    return bool(tf.reduce_all(tf.math.is_finite(value)))


def _way_back(checkpoint: Path | None) -> str:
    if checkpoint is None:
        return "No checkpoint was saved; start again with a lower training.learning_rate."
    return (
        f"The last checkpoint is {checkpoint}; the same command goes on from it, with "
        "--accept-changes also at a lower training.learning_rate."
    )
