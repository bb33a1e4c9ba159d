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

    def close(self) -> None:
        """Leaves the line of the bar."""
        if self._bar is not None:
            self._bar.close()


class ProgressLines(keras.callbacks.Callback):
    """A line for each row with the time left."""

    def __init__(self, total: int, stream: TextIO):
        super().__init__()
        self._total = total
        self._stream = stream
        self._first_step = 0
        self._clock = Clock(0.0)

    def on_train_begin(self, logs=None):
        self._first_step = completed_steps(self.model)
        self._clock = Clock(0.0)

    def __call__(self, row: dict[str, float]) -> None:
        step = row["step"]
        per_step = self._clock.seconds() / (step - self._first_step)
        left = tqdm.tqdm.format_interval((self._total - step) * per_step)
        print(
            f"step {step}/{self._total}, {1000 * per_step:.0f} ms a step, {left} left: "
            f"{_describe(row)}",
            file=self._stream,
            flush=True,
        )

    def close(self) -> None:
        """Nothing is left open."""


def _describe(metrics: dict[str, float]) -> str:
    return ", ".join(
        f"{words} {metrics[name]:.2f}" for name, words in _SHOWN.items() if name in metrics
    )
