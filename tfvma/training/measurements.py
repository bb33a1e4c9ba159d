"""One row of figures per interval: training metrics, and held-out ones when they are due."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras

from tfvma.training.clock import Clock
from tfvma.training.every import completed_steps, is_due
from tfvma.training.held_out import HELD_OUT_METRICS, HeldOut
from tfvma.training.optimizer import averaged_weights
from tfvma.training.step_clock import StepClock

Row = dict[str, float]
# The columns that differ from one run to another of the same configuration.
TIMES = ("seconds", "cpu_seconds")


class Measurements(keras.callbacks.Callback):
    """Makes rows and hands them to `sinks`.

    A row holds the step, the seconds of training, the CPU seconds of its steps, the learning
    rate, the means of the training metrics since the row before, and on validation steps the
    held-out metrics of the averaged weights as `val_*`.

    Args:
        log_interval, validation_interval: in steps; 0 is never.
        last: the number of steps of the whole run.
        held_out: what is measured on validation steps.
        clock: of the run.
        step_clock: of its steps.
        sinks: take one row each.
    """

    def __init__(
        self,
        log_interval: int,
        validation_interval: int,
        last: int,
        held_out: HeldOut,
        clock: Clock,
        step_clock: StepClock,
        sinks: Sequence[Callable[[Row], None]],
    ):
        super().__init__()
        self._log_interval = log_interval
        self._validation_interval = validation_interval
        self._last = last
        self._held_out = held_out
        self._clock = clock
        self._step_clock = step_clock
        self._sinks = sinks
        self._step = 0

    def on_train_begin(self, logs=None):
        self._step = completed_steps(self.model)

    def on_train_batch_end(self, batch, logs=None):
        before, self._step = self._step, completed_steps(self.model)
        validate = is_due(self._validation_interval, before, self._step, self._last)
        if not validate and not is_due(self._log_interval, before, self._step, self._last):
            return
        row = {"step": self._step, "learning_rate": float(self.model.optimizer.learning_rate)}
        row.update(logs)
        self.model.reset_metrics()
        if validate:
            with averaged_weights(self.model):
                measured = self._held_out.measure()
            row.update({f"val_{name}": value for name, value in measured.items()})
        row["seconds"] = self._clock.seconds()
        row["cpu_seconds"] = self._step_clock.cpu_seconds
        for write in self._sinks:
            write(row)


def columns(model: keras.Model) -> tuple[str, ...]:
    """The names that a row can hold, in the order of log.csv."""
    measured = [metric.name for metric in model.metrics]
    return (
        "step",
        *TIMES,
        "learning_rate",
        *measured,
        *(f"val_{name}" for name in HELD_OUT_METRICS if name in measured),
    )
