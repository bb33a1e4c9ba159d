"""What is timed: one network under one size, precision, compiler and use of threads."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

from tfvma.config import Config

_BASE_MEMORY_SIZE = 32


class Setting(NamedTuple):
    """What a step is made of.

    network: "tfvma" or "straightforward".
    memory_size, num_targets, num_samples: M, B and K.
    width: the feature maps of every layer, in units of the preset's.
    precision: a Keras dtype policy.
    backward: through all samples or a drawn one, as `compile` takes it.
    one_thread: each operation has one thread, and slices of the targets run side by side.
    """

    network: str
    memory_size: int = _BASE_MEMORY_SIZE
    num_targets: int = 32
    num_samples: int = 4
    width: float = 1.0
    precision: str = "float32"
    backward: str = "all_samples"
    xla: bool = False
    one_thread: bool = True

    def __str__(self) -> str:
        return f"{self.network}, M = {self.memory_size}, B = {self.num_targets}"


def all_settings(memory_sizes: Sequence[int]) -> list[Setting]:
    """Every memory size, in both precisions; the rest at 32 entries, one thing at a time."""
    base = Setting("tfvma")
    return [
        *(
            base._replace(memory_size=memory_size, precision=precision)
            for memory_size in memory_sizes
            for precision in ("float32", "mixed_bfloat16")
        ),
        base._replace(one_thread=False),
        base._replace(one_thread=False, xla=True),
        *(base._replace(num_samples=num_samples) for num_samples in (2, 8, 16)),
        *(base._replace(num_targets=num_targets) for num_targets in (16, 64)),
        *(base._replace(width=width) for width in (0.5, 2.0)),
        Setting("straightforward", one_thread=False),
    ]


def config_of(config: Config, setting: Setting) -> Config:
    """`config` with the sizes of a setting."""
    classes = config.episodes.num_classes
    return dataclasses.replace(
        config,
        episodes=dataclasses.replace(
            config.episodes, targets_per_class=setting.num_targets // classes
        ),
        model=dataclasses.replace(
            config.model, filters=tuple(int(setting.width * n) for n in config.model.filters)
        ),
        training=dataclasses.replace(config.training, num_samples=setting.num_samples),
    )
