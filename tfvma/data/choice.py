"""Draws without repeats, inside tf.data."""

from __future__ import annotations

import tensorflow as tf

# From so many for each that is drawn on, repeats are rare enough to be left out afterwards.
_RARE = 8
# More candidates than are needed, so that too few differ with probability below 2^-100.
_SPARE = 64


def choose(size: int, count: int, seed: tf.Tensor) -> tf.Tensor:
    """`count` different numbers of 0..size-1, int32, every ordered choice as probable.

    The first of a longer choice with the same seed and size are not those of a shorter one.

    Args:
      size: of what is drawn from.
      count: how many, at most `size`.
      seed: int64 [2].
    """
    if size < _RARE * count:
        bits = tf.random.stateless_uniform(
            [size], seed, minval=None, maxval=None, dtype=tf.int32, alg="philox"
        )
        return largest(bits, count)
    # The numbers of a sequence in the order in which they first occur are such a choice, and
    # cost nothing for each of the thousands that are not drawn.
    candidates = tf.random.stateless_uniform(
        [2 * count + _SPARE], seed, minval=0, maxval=size, dtype=tf.int64, alg="philox"
    )
    different, _ = tf.unique(candidates)
    return tf.ensure_shape(tf.cast(different[:count], tf.int32), [count])


def largest(bits: tf.Tensor, count: int) -> tf.Tensor:
    """Places of the `count` largest random numbers in the last axis: a draw with no repeats."""
    return tf.math.top_k(bits, count).indices
