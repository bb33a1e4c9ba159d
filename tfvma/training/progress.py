"""How far a run is: a bar on a terminal, lines anywhere else."""

from __future__ import annotations

from typing import TextIO

import keras
import tqdm

from tfvma.training.clock import Clock
from tfvma.training.every import completed_steps

_SHOWN = {"iw_bound": "bound", "kl_a": "KL(a)", "kl_z": "KL(z)", "val_iw_bound": "held out"}


class ProgressBar(keras.callbacks.Callback):
    """A bar over the whole run with the time left and the latest metrics."""

    def __init__(self, total: int, stream: TextIO):
        super().__init__()
        self._total = total
        self._stream = stream
        self._held_out: dict[str, float] = {}
        self._bar: tqdm.tqdm | None = None

    def __call__(self, row: dict[str, float]) -> None:
        if "val_iw_bound" in row:
            self._held_out = {"val_iw_bound": row["val_iw_bound"]}

    def on_train_begin(self, logs=None):
        self._bar = tqdm.tqdm(
            total=self._total,
            initial=completed_steps(self.model),
            file=self._stream,
            unit="step",
            dynamic_ncols=True,
        )

    def on_train_batch_end(self, batch, logs=None):
        self._bar.set_postfix_str(_describe({**logs, **self._held_out}), refresh=False)
        self._bar.update(completed_steps(self.model) - self._bar.n)

    def on_train_end(self, logs=None):
        self._bar.close()


class ProgressLines(keras.callbacks.Callback):
    """A line for each row with the time left."""

    def __init__(self, total: int, stream: TextIO, clock: Clock):
        super().__init__()
        self._total = total
        self._stream = stream
        self._clock = clock
        self._first = (0, 0.0)

    def on_train_begin(self, logs=None):
        self._first = (completed_steps(self.model), self._clock.seconds())

    def __call__(self, row: dict[str, float]) -> None:
        step, seconds = row["step"], self._clock.seconds()
        per_step = (seconds - self._first[1]) / max(step - self._first[0], 1)
        left = tqdm.tqdm.format_interval((self._total - step) * per_step)
        print(
            f"step {step}/{self._total}, {1000 * per_step:.0f} ms a step, {left} left: "
            f"{_describe(row)}",
            file=self._stream,
            flush=True,
        )


def _describe(metrics: dict[str, float]) -> str:
    return ", ".join(
        f"{words} {metrics[name]:.2f}" for name, words in _SHOWN.items() if name in metrics
    )
