"""The key that a soft read would see: sum_a q(a | x) key_a."""

from __future__ import annotations

import tensorflow as tf

from tfvma.large_memory.strips import map_strips


@tf.function(reduce_retracing=True)
def mean_key(queries: tf.Tensor, keys: tf.Tensor, log_total: tf.Tensor) -> tf.Tensor:
    """sum_a exp(<query, key_a> - log_total) key_a, a strip of keys at a time.

    It is the gradient of the log-normaliser with respect to the query, and all that
    KL(q(a|x) || p(a)) needs beside the two normalisers.

    Args:
        queries: float32 [B, E].
        keys: float32 [M, E].
        log_total: the log-normaliser of each query, [B].

    Returns:
        float32 [B, E].
    """

    def reduce_strip(scores, part):
        weights = tf.exp(scores[: tf.shape(part)[0]] - log_total)
        return tf.matmul(weights, part, transpose_a=True)

    sums = map_strips(reduce_strip, queries, keys, tf.TensorSpec(queries.shape, tf.float32))
    return tf.reduce_sum(sums, axis=0)
