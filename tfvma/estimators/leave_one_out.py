"""What the other samples say of one: sums over all but each."""

from __future__ import annotations

import math

import tensorflow as tf


def leave_one_out_logsumexp(log_weights: tf.Tensor) -> tf.Tensor:
    """log sum_{j != k} exp l_j for every k, [K, B], by explicit exclusion.

    Subtracting exp l_k from the total would cancel where one weight dominates.
    """
    num_samples = log_weights.shape[0]
    off_diagonal = ~tf.eye(num_samples, dtype=tf.bool)[:, :, tf.newaxis]
    others = tf.where(off_diagonal, log_weights[tf.newaxis], -math.inf)
    return tf.reduce_logsumexp(others, axis=1)


def leave_one_out_log_mean(log_weights: tf.Tensor) -> tf.Tensor:
    """log 1/(K-1) sum_{j != k} exp l_j for every k, [K, B]."""
    return leave_one_out_logsumexp(log_weights) - math.log(log_weights.shape[0] - 1)


def leave_one_out_mean(values: tf.Tensor) -> tf.Tensor:
    """1/(K-1) sum_{j != k} v_j for every k, [K, B]."""
    return (tf.reduce_sum(values, axis=0) - values) / (values.shape[0] - 1)
