"""The sample axis: leading for densities, merged into the batch for networks."""

from __future__ import annotations

import tensorflow as tf


def merge_samples(values: tf.Tensor) -> tf.Tensor:
    """[K, B, ...] to [K * B, ...], as networks want it."""
    return tf.reshape(values, [-1, *values.shape[2:]])


def split_samples(values: tf.Tensor, num_samples: int) -> tf.Tensor:
    """[K * B, ...] to [K, B, ...]."""
    return tf.reshape(values, [num_samples, -1, *values.shape[1:]])
