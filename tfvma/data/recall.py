"""Recall episodes: a memory of random images, and targets that are among them."""

from __future__ import annotations

import tensorflow as tf

from tfvma.data.image_source import ImageSource
from tfvma.data.images import ImageSet
from tfvma.data.indices import Share, episode_indices
from tfvma.data.warped_targets import WarpedTargets
from tfvma.errors import InvalidArgumentError
from tfvma.sampling import fold_in
from tfvma.validation import check_at_least


def recall_episodes(
    images: ImageSet,
    *,
    targets: int,
    memory_size: int,
    warped: bool = False,
    seed: int,
    start: int = 0,
    num_episodes: int | None = None,
    share: Share | None = None,
) -> tf.data.Dataset:
    """Draws M different images into memory, of which the first B are the targets.

    An optimal lookup table scores them at log M nats (Bornschein et al. 2017, section 4.1), unless
    they are warped. An element is
      "x": float32 [B, H, W, 1], "x_label": int32 [B], the slot of each, 0..B-1,
      "memory": float32 [M, H, W, 1], "memory_label": int32 [M], 0..M-1,
    with values 0 (paper) or 1 (ink). Slots are in random order, and addressing does not see
    their numbers. Episode i depends on the arguments and on (seed, i) alone.

    Args:
      images: what is drawn from.
      targets: B, at most M.
      memory_size: M.
      warped: whether targets are warped a little (`tfvma.data.warp`), each in its own way, so that
        they are like an entry, and not it.
      seed: of the whole sequence.
      start, num_episodes, share: see `episodes`.

    Raises InvalidArgumentError for a number that is not whole, too small, or too large,
    DataError where more images are asked for than there are.
    """
    for name, value, minimum in (("targets", targets, 1), ("memory_size", memory_size, 1)):
        check_at_least(name, value, minimum)
    check_at_least("seed", seed, 0)
    if targets > memory_size:
        raise InvalidArgumentError(
            f"targets={targets}: expected at most memory_size={memory_size}, since targets are "
            "in memory."
        )
    source = ImageSource(images)
    source.check("memory_size", memory_size)
    warps = WarpedTargets(images) if warped else None

    def draw(index: tf.Tensor) -> dict[str, tf.Tensor]:
        key = tf.stack([tf.constant(seed, tf.int64), index])
        chosen = source.choose(memory_size, key)
        memory = source.as_ink(chosen, fold_in(key, 1))
        return {
            "x": warps.draw(chosen[:targets], fold_in(key, 2)) if warps else memory[:targets],
            "memory": memory,
            "x_label": tf.range(targets),
            "memory_label": tf.range(memory_size),
        }

    return episode_indices(start, num_episodes, share).map(draw).prefetch(4)
