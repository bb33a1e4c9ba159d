"""Log-sum-exp of the scores of each block of slots, at about the speed of the scores."""

from __future__ import annotations

import tensorflow as tf

from tfvma.large_memory.strips import BLOCK, map_strips


@tf.function(reduce_retracing=True)
def block_log_sums(queries: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
    """log sum_{a in block} exp <query, key_a> for blocks of 256 slots.

    The largest score of each block is subtracted before the exponential, so that no
    score is too large or too small. Scores exist a strip at a time.

    Args:
        queries: float32 [B, E].
        keys: float32 [M, E].

    Returns:
        float32 [N, B] with N >= M / 256; blocks beyond the last slot are so low that
        their exponential is 0.
    """

    def reduce_strip(scores, _):
        scores = tf.reshape(scores, [-1, BLOCK, tf.shape(scores)[1]])
        largest = tf.reduce_max(scores, axis=1)
        total = tf.reduce_sum(tf.exp(scores - largest[:, tf.newaxis]), axis=1)
        return largest + tf.math.log(total)

    batch = queries.shape[0]
    sums = map_strips(reduce_strip, queries, keys, tf.TensorSpec([None, batch], tf.float32))
    return tf.reshape(sums, [-1, tf.shape(queries)[0]])
