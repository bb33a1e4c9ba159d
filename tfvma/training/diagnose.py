"""Diagnostics at intervals of training."""

from __future__ import annotations

from collections.abc import Callable

from tfvma.diagnostics.diagnostics import Diagnostics
from tfvma.training.every import Every


class Diagnose(Every):
    """A callback of `fit`: hands what `diagnostics` measures to `write`, with the step.

    Args:
        interval: in steps; 0 is never.
        diagnostics: of the model that trains.
        write: takes a row, such as a CsvLog does.
        last: a step after which it measures too.
    """

    def __init__(
        self,
        interval: int,
        diagnostics: Diagnostics,
        write: Callable[[dict[str, float]], None],
        last: int = 0,
    ):
        super().__init__(interval, last)
        self._diagnostics = diagnostics
        self._write = write

    def at(self, step, logs):
        self._write({"step": step, **self._diagnostics.measure()})
