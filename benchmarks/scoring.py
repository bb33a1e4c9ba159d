"""A score as `evaluate.py` asks for it, with all that it needs in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfvma.data import strokes
from tfvma.models.vma import VariationalMemoryAddressing
from tfvma.sampling import fold_in, sample_addresses_by_inversion

_SEED = (0, 0)


class Drawn(NamedTuple):
    """How many different entries, and pairs of a target and an entry, a score draws."""

    entries: int
    pairs: int


def make_score(
    model: VariationalMemoryAddressing, num_targets: int, memory_size: int, num_samples: int
) -> tuple[Callable[[], None], Drawn]:
    """A function that scores once and returns when it is done, and what it draws.

    Targets are drawings of procedural characters, which need no data, and the memory holds
    other drawings of as many of the same characters as it takes. It has run once with a
    single sample, so that it is traced.
    """
    x, memory = _drawings(num_targets, memory_size)
    score = tf.function(model.score)
    seed = tf.constant(_SEED, tf.int32)

    def run(count: int) -> None:
        # Reading one number waits for the score, on a GPU too.
        float(score(x, memory, tf.constant(count, tf.int32), seed)["log_likelihood"][0])

    run(1)
    log_posterior = model.address(x, memory)["log_posterior"]
    address = sample_addresses_by_inversion(log_posterior, num_samples, fold_in(seed, 0)).numpy()
    pairs = np.unique(np.arange(num_targets) * memory_size + address)
    return lambda: run(num_samples), Drawn(len(np.unique(address)), len(pairs))


def _drawings(num_targets: int, memory_size: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Targets [B, H, W, 1] and memory [M, H, W, 1] of the same characters, other drawings."""
    per_character = strokes.load("test", num_characters=1).drawings_per_character
    of_each = -(-(num_targets + memory_size) // per_character)
    drawings = strokes.load("test", num_characters=of_each).drawings
    # Drawing by drawing through all characters, so that both halves show them all.
    flat = np.swapaxes(drawings, 0, 1).reshape(-1, *drawings.shape[2:], 1).astype(np.float32)
    return tf.constant(flat[:num_targets]), tf.constant(flat[-memory_size:])
