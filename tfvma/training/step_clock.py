"""What the steps of a run have cost, whatever else this machine or this process does."""

from __future__ import annotations

import time

import keras


class StepClock(keras.callbacks.Callback):
    """Adds up the CPU seconds of this process, over its threads, while steps are computed.

    Validation, checkpoints and pictures are not counted, and neither is waiting for other
    work: with one thread for operations these are the seconds that the steps would take on
    a machine of their own. The first of the callbacks.

    Args:
        elapsed: CPU seconds of the steps so far.

    Attributes:
        cpu_seconds: of the steps so far.
    """

    def __init__(self, elapsed: float = 0.0):
        super().__init__()
        self.cpu_seconds = elapsed
        self._begin = 0.0

    def on_train_batch_begin(self, batch, logs=None):
        self._begin = time.process_time()

    def on_train_batch_end(self, batch, logs=None):
        self.cpu_seconds += time.process_time() - self._begin
