"""Steps of training with now fewer, now more examples of each character in memory."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf


def vary_shots(
    groups: tf.data.Dataset,
    choices: Sequence[int],
    num_classes: int,
    seed: int,
    start: int = 0,
    groups_per_step: int = 1,
) -> tf.data.Dataset:
    """Keeps the first S examples of each character, S drawn anew for each step from `choices`.

    All episodes of a step have the same S, which depends on (seed, step) alone, so that every
    replica draws the same one and `start=step` goes on where an interrupted run stopped.

    Args:
      groups: for each step and replica its episodes, stacked: "memory" [N, M, H, W, 1] and
        "memory_label" [N, M] with M = num_classes * shots, ordered by label as `episodes` orders
        them; other keys pass untouched.
      choices: numbers of examples, each 1..shots, all as probable.
      num_classes: characters per episode, C.
      seed: of the whole sequence.
      start: the first step.
      groups_per_step: how many a step takes, one for each replica that reads this dataset.

    Returns the same with M = C * S, which is not known before an element is read.
    """
    numbers = tf.data.Dataset.counter(start=start * groups_per_step)

    def keep(number: tf.Tensor, group: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        # Episodes are drawn from (seed, 0), (seed, 1), ...: none of these is negative.
        place = tf.random.stateless_uniform(
            [],
            tf.stack([tf.constant(seed, tf.int64), -1 - number // groups_per_step]),
            maxval=len(choices),
            dtype=tf.int32,
            alg="philox",
        )
        shots = tf.gather(tf.constant(choices), place)
        kept = {
            key: _first_of_each(group[key], num_classes, shots)
            for key in ("memory", "memory_label")
        }
        return {**group, **kept}

    return tf.data.Dataset.zip(numbers, groups).map(keep).prefetch(1)


def _first_of_each(rows: tf.Tensor, num_classes: int, shots: tf.Tensor) -> tf.Tensor:
    """[N, C * S', ...] to [N, C * shots, ...]."""
    episodes, _, *rest = rows.shape
    by_class = tf.reshape(rows, [episodes, num_classes, -1, *rest])
    return tf.reshape(by_class[:, :, :shots], [episodes, -1, *rest])
