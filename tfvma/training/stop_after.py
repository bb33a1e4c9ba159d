"""Ends training when its steps have had their time."""

from __future__ import annotations

from collections.abc import Callable

import keras

from tfvma.training.step_clock import StepClock


class StopAfter(keras.callbacks.Callback):
    """Stops as soon as the steps of a run have taken so many CPU seconds, over all its goes.

    Args:
        cpu_seconds: how many.
        clock: counts them, and acts before this.
        agree: makes one number of those of all workers, so that they stop at the same step.
    """

    def __init__(self, cpu_seconds: float, clock: StepClock, agree: Callable[[int], int] = int):
        super().__init__()
        self._limit = cpu_seconds
        self._clock = clock
        self._agree = agree

    def on_train_begin(self, logs=None):
        self._stop_when_due()

    def on_train_batch_end(self, batch, logs=None):
        self._stop_when_due()

    def _stop_when_due(self) -> None:
        if self._agree(int(self._clock.cpu_seconds >= self._limit)):
            self.model.stop_training = True
