"""Which episodes are drawn: their numbers, from where on, how many, and by which worker."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from tfvma.validation import check_at_least


class Share(NamedTuple):
    """Of every `of * length` episodes the `index`-th block of `length`, index = 0 ... of - 1."""

    index: int
    of: int
    length: int


def episode_indices(start: int, num_episodes: int | None, share: Share | None) -> tf.data.Dataset:
    """The numbers of the episodes to draw, int64.

    Args:
      start: the first.
      num_episodes: how many, or None for no end.
      share: the part of these that is drawn here; None draws all.

    Raises InvalidArgumentError for a number that is not whole or too small.
    """
    check_at_least("start", start, 0)
    if num_episodes is not None:
        check_at_least("num_episodes", num_episodes, 1)
    indices = tf.data.Dataset.counter(start=start)
    if num_episodes is not None:
        indices = indices.take(num_episodes)
    if share is not None:
        blocks = indices.batch(share.length, drop_remainder=True)
        indices = blocks.shard(share.of, share.index).unbatch()
    return indices
