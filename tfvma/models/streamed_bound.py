"""L_K from chunks of samples, so that what is held does not grow with K."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

# Samples in one chunk, over all targets; found by measurement, on two cores.
DECODED_AT_ONCE = 256


def streamed_bound(
    terms: Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]],
    num_samples: tf.Tensor,
    batch: tf.Tensor,
    parallel_chunks: int = 1,
) -> tuple[tf.Tensor, tf.Tensor]:
    """L_K and the mean of log p(x | z_k, ...) over samples k = 0, 1, ..., K - 1, [B] each.

    Args:
        terms: numbers of samples, int32 [N], to their log weights and log p(x | z_k, ...),
            [N, B] each.
        num_samples: K, int32 scalar.
        batch: B, int32 scalar.
        parallel_chunks: how many are under way at a time.
    """
    samples_at_once = tf.maximum(DECODED_AT_ONCE // batch, 1)

    def add_chunk(start, log_total, total_log_px):
        samples = tf.range(start, tf.minimum(start + samples_at_once, num_samples))
        log_weights, log_px = terms(samples)
        log_chunk = tf.reduce_logsumexp(log_weights, axis=0)
        return (
            start + samples_at_once,
            tf.reduce_logsumexp(tf.stack([log_total, log_chunk]), axis=0),
            total_log_px + tf.reduce_sum(log_px, axis=0),
        )

    # Of no stated length: what a chunk of samples of a single target adds has none either.
    totals = tf.TensorShape([None])
    zeros = tf.zeros([batch])
    _, log_total, total_log_px = tf.while_loop(
        lambda start, *_: start < num_samples,
        add_chunk,
        (0, zeros - float("inf"), zeros),
        shape_invariants=(tf.TensorShape([]), totals, totals),
        parallel_iterations=parallel_chunks,
    )
    count = tf.cast(num_samples, tf.float32)
    return log_total - tf.math.log(count), total_log_px / count
