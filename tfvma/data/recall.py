"""Recall episodes: a memory of random images, and targets that are among them."""

from __future__ import annotations

import math

import tensorflow as tf

from tfvma.data.image_source import ImageSource
from tfvma.data.images import ImageSet
from tfvma.data.indices import Share, check_whole, episode_indices
from tfvma.errors import InvalidArgumentError

# The different images at the start of a curriculum.
_FIRST = 8


def recall_episodes(
    images: ImageSet,
    *,
    targets: int,
    memory_size: int,
    seed: int,
    doubling: int = 0,
    start: int = 0,
    num_episodes: int | None = None,
    share: Share | None = None,
) -> tf.data.Dataset:
    """Draws M different images into memory, of which the first B are the targets.

    An optimal lookup table scores them at log M nats (Bornschein et al. 2017, section 4.1). An
    element is
      "x": float32 [B, H, W, 1], "x_label": int32 [B], the slot of each, 0..B-1,
      "memory": float32 [M, H, W, 1], "memory_label": int32 [M], 0..M-1,
    with values 0 (paper) or 1 (ink). Slots are in random order, and addressing does not see
    their numbers. Episode i depends on the arguments and on (seed, i) alone.

    Args:
      images: what is drawn from.
      targets: B, at most M.
      memory_size: M.
      seed: of the whole sequence.
      doubling: a curriculum, or 0 for none. Episode 0 then has 8 different images, each in
        M / 8 slots, and every `doubling` episodes there are twice as many, up to M. Labels are
        those of images; slots of the same one share a label. Any of them is right, and an
        optimal lookup table scores log of the number of different images.
      start, num_episodes, share: see `episodes`.

    Raises InvalidArgumentError for a number that is not whole, too small, or too large,
    DataError where more images are asked for than there are.
    """
    for name, value, minimum in (("targets", targets, 1), ("memory_size", memory_size, 1)):
        check_whole(name, value, minimum)
    for name, value in (("seed", seed), ("doubling", doubling)):
        check_whole(name, value, 0)
    if targets > memory_size:
        raise InvalidArgumentError(
            f"targets={targets}: expected at most memory_size={memory_size}, since targets are "
            "in memory."
        )
    source = ImageSource(images)
    source.check("memory_size", memory_size)

    def draw(index: tf.Tensor) -> dict[str, tf.Tensor]:
        memory = source.draw(memory_size, tf.stack([tf.constant(seed, tf.int64), index]))
        label = tf.range(memory_size)
        if doubling:
            label %= _different(index // doubling, memory_size)
            memory = tf.gather(memory, label)
        return {
            "x": memory[:targets],
            "memory": memory,
            "x_label": label[:targets],
            "memory_label": label,
        }

    return episode_indices(start, num_episodes, share).map(draw).prefetch(4)


def _different(doublings: tf.Tensor, memory_size: int) -> tf.Tensor:
    """How many images there are after so many doublings, int32."""
    needed = max(0, math.ceil(math.log2(memory_size / _FIRST)))
    size = _FIRST * 2 ** tf.minimum(tf.cast(doublings, tf.int32), needed)
    return tf.minimum(size, memory_size)
