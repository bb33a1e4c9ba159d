"""Draws from unnormalised log probabilities by their distribution function."""

from __future__ import annotations

import tensorflow as tf


def inverse_cdf(log_weights: tf.Tensor, uniforms: tf.Tensor) -> tf.Tensor:
    """The first index whose cumulative probability exceeds u.

    Sums are in float64, so that a million small terms keep their share. Something of
    probability zero is never drawn: it does not raise the cumulative sum.

    Args:
        log_weights: unnormalised log probabilities, [B, N], the largest one finite.
        uniforms: float64 [B, K] in (0, 1).

    Returns:
        int32 [B, K], values in 0..N-1.
    """
    log_weights = tf.cast(log_weights, tf.float64)
    largest = tf.reduce_max(log_weights, axis=-1, keepdims=True)
    cumulative = tf.cumsum(tf.exp(log_weights - largest), axis=-1)
    index = tf.searchsorted(cumulative, uniforms * cumulative[:, -1:], side="right")
    # NaN is to end as a density that is NaN, not as an address that does not exist.
    return tf.minimum(index, tf.shape(log_weights)[-1] - 1)
