"""The learning rate over a run."""

from __future__ import annotations

import math

import keras
from keras import ops

from tfvma.config import SCHEDULES
from tfvma.validation import check_at_least, check_choice


@keras.saving.register_keras_serializable("tfvma")
class WarmupSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """A linear rise over `warmup` steps times a constant or half a cosine.

        rate(t) = peak * min(1, (t + 1) / warmup) * decay(t),  t = 0, 1, ...
        decay(t) = 1                                 "constant"
                 = (1 + cos(pi min(t / steps, 1))) / 2   "cosine"

    Args:
        peak: the rate without warm-up and decay.
        steps: where the cosine reaches zero.
        schedule: "constant" or "cosine".
        warmup: 0 is none.
    """

    def __init__(self, peak: float, steps: int, schedule: str = "constant", warmup: int = 0):
        check_choice("schedule", schedule, SCHEDULES)
        check_at_least("steps", steps, 1)
        check_at_least("warmup", warmup, 0)
        super().__init__()
        self.peak = peak
        self.steps = steps
        self.schedule = schedule
        self.warmup = warmup

    def __call__(self, step):
        step = ops.cast(step, "float32")
        rise = ops.minimum(1.0, (step + 1.0) / self.warmup) if self.warmup else 1.0
        return self.peak * rise * self._decay(step)

    def _decay(self, step):
        if self.schedule == "constant":
            return ops.ones_like(step)
        return 0.5 * (1.0 + ops.cos(math.pi * ops.minimum(step / self.steps, 1.0)))

    def get_config(self) -> dict:
        return {
            "peak": self.peak,
            "steps": self.steps,
            "schedule": self.schedule,
            "warmup": self.warmup,
        }
