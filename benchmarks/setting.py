"""What is timed: one network under one memory size, precision and compiler."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

BASELINE_MEMORY_SIZE = 32


class Setting(NamedTuple):
    """network: "tfvma" or "straightforward"; precision: a Keras dtype policy; one_thread:
    each operation has one thread, and slices of the targets run side by side."""

    network: str
    memory_size: int
    precision: str = "float32"
    xla: bool = False
    one_thread: bool = False


def all_settings(memory_sizes: Sequence[int]) -> list[Setting]:
    """Those that are compared, and the straightforward network once."""
    return [
        *(
            Setting("tfvma", memory_size, *how)
            for memory_size in memory_sizes
            for how in (
                ("float32", False, True),
                ("float32", False, False),
                ("float32", True, False),
                ("mixed_bfloat16", False, True),
            )
        ),
        Setting("straightforward", BASELINE_MEMORY_SIZE),
    ]
