"""Plain batches of images, for models whose memory, if any, is their own."""

from __future__ import annotations

import tensorflow as tf

from tfvma.data.image_source import ImageSource
from tfvma.data.images import ImageSet
from tfvma.data.indices import Share, episode_indices
from tfvma.validation import check_at_least


def image_batches(
    images: ImageSet,
    *,
    targets: int,
    seed: int,
    start: int = 0,
    num_episodes: int | None = None,
    share: Share | None = None,
) -> tf.data.Dataset:
    """Draws {"x": float32 [B, H, W, 1]}, B different images with values 0 or 1.

    Batch i depends on the arguments and on (seed, i) alone.

    Args:
      images: what is drawn from.
      targets: B.
      seed: of the whole sequence.
      start, num_episodes, share: see `episodes`; a batch counts as an episode.

    Raises InvalidArgumentError for a number that is not whole or too small, DataError where
    more images are asked for than there are.
    """
    check_at_least("targets", targets, 1)
    check_at_least("seed", seed, 0)
    source = ImageSource(images)
    source.check("targets", targets)

    def draw(index: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"x": source.draw(targets, tf.stack([tf.constant(seed, tf.int64), index]))}

    return episode_indices(start, num_episodes, share).map(draw).prefetch(4)
