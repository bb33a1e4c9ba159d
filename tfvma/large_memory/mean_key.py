"""The key that a soft read would see: sum_a q(a | x) key_a."""

from __future__ import annotations

import tensorflow as tf

from tfvma.large_memory.strips import map_strips


@tf.function(reduce_retracing=True)
def mean_key(queries: tf.Tensor, keys: tf.Tensor, log_total: tf.Tensor) -> tf.Tensor:
    """sum_a exp(<query, key_a> - log_total) key_a, a strip of keys at a time.

    It is the gradient of the log-normaliser with respect to the query, and all that
    KL(q(a|x) || p(a)) needs beside the two normalisers. The weights are divided by their sum:
    that of float32 scores of a thousand nats is 1 to four digits, and long queries would
    multiply what is missing.

    Args:
        queries: float32 [B, E].
        keys: float32 [M, E].
        log_total: the log-normaliser of each query, [B].

    Returns:
        float32 [B, E].
    """

    def reduce_strip(scores, part):
        weights = tf.exp(scores[: tf.shape(part)[0]] - log_total)
        weighted = tf.matmul(weights, part, transpose_a=True)
        return tf.concat([weighted, tf.reduce_sum(weights, axis=0)[:, tf.newaxis]], axis=1)

    batch, size = queries.shape
    width = None if size is None else size + 1
    sums = map_strips(reduce_strip, queries, keys, tf.TensorSpec([batch, width], tf.float32))
    total = tf.reduce_sum(sums, axis=0)
    return total[:, :-1] / total[:, -1:]
