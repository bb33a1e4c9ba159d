"""What is done every so many steps."""

from __future__ import annotations

import math

import keras


class Every(keras.callbacks.Callback):
    """Calls `at(step, logs)` whenever `interval` steps are complete, and after the last.

    Steps are those of the whole run, as the optimizer counts them. With several
    steps per execution a multiple within an execution counts at its end.

    Args:
        interval: in steps; 0 is never.
        last: the number of steps of the whole run.
    """

    def __init__(self, interval: int, last: int):
        super().__init__()
        self.interval = interval
        self.last = last
        self._step = 0

    def at(self, step: int, logs: dict[str, float]) -> None:
        """What is done."""
        raise NotImplementedError

    def on_train_begin(self, logs=None):
        self._step = completed_steps(self.model)

    def on_train_batch_end(self, batch, logs=None):
        before, self._step = self._step, completed_steps(self.model)
        if is_due(self.interval, before, self._step, self.last):
            self.at(self._step, logs)


def is_due(interval: int, before: int, step: int, last: int) -> bool:
    """Whether a multiple of `interval` lies in (before, step], or the run has ended."""
    return interval > 0 and (step // interval > before // interval or step == last)


def completed_steps(model: keras.Model) -> int:
    """The steps of the whole run so far."""
    return int(keras.ops.convert_to_numpy(model.optimizer.iterations))


def steps_per_execution(intervals: tuple[int, ...], most: int = 10) -> int:
    """The largest number up to `most` of which all `intervals` are multiples."""
    common = math.gcd(*intervals)
    return max(number for number in range(1, most + 1) if common % number == 0)
