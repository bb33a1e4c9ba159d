"""The optimizer of a configuration, and the averaged weights that it keeps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from tfvma.config import TrainingConfig
from tfvma.training.fused_adam import FusedAdam
from tfvma.training.learning_rate import WarmupSchedule
from tfvma.training.muon import Muon


def make_optimizer(training: TrainingConfig) -> keras.optimizers.Optimizer:
    """Adam or Muon, with a moving average of the weights and decay where they are asked for."""
    rate = WarmupSchedule(
        peak=training.learning_rate,
        steps=training.steps,
        schedule=training.schedule,
        warmup=training.learning_rate_warmup,
    )
    options = {
        "use_ema": training.ema_momentum > 0.0,
        "ema_momentum": training.ema_momentum,
        "weight_decay": training.weight_decay or None,
        # Its variables are named after it; a name of Keras' own would count optimizers.
        "name": training.optimizer,
    }
    return {"adam": FusedAdam, "muon": Muon}[training.optimizer](rate, **options)


@contextmanager
def averaged_weights(model: keras.Model) -> Iterator[None]:
    """Within the block `model` has its averaged weights, afterwards those that train."""
    trained = [variable.numpy() for variable in model.trainable_variables]
    model.optimizer.finalize_variable_values(model.trainable_variables)
    try:
        yield
    finally:
        for variable, value in zip(model.trainable_variables, trained, strict=True):
            variable.assign(value)
