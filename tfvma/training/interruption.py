"""SIGTERM and Ctrl-C: the steps under way are completed, then training stops."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType

import keras

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopWhenInterrupted(keras.callbacks.Callback):
    """A context in which the first signal stops training; a second one acts as it did before.

    Args:
        agree: makes one number of those of all workers, so that they stop at the same step.

    Attributes:
        received: the signal, or None.
    """

    def __init__(self, agree: Callable[[int], int] = int):
        super().__init__()
        self._agree = agree
        self.received: signal.Signals | None = None
        self._previous: dict[signal.Signals, object] = {}

    def __enter__(self) -> StopWhenInterrupted:
        # Python allows handlers in the main thread alone.
        if threading.current_thread() is threading.main_thread():
            self._previous = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(self, *exception) -> None:
        self._restore()

    def on_train_batch_end(self, batch, logs=None):
        agreed = self._agree(0 if self.received is None else self.received)
        if agreed:
            self.received = signal.Signals(agreed)
            self.model.stop_training = True

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.received = signal.Signals(number)
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            # None stands for a handler that was not set by Python.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        self._previous = {}
