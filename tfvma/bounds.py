"""Importance-weighted bounds and what is read off their weights. Pure functions.

The sample axis leads: log weights are [K, B]; all values are in nats.
"""

from __future__ import annotations

import math

import tensorflow as tf


def log_weights(log_pa, log_pz, log_px, log_qa, log_qz) -> tf.Tensor:
    """l_k = log p(x, a_k, z_k) - log q(a_k, z_k | x), [K, B]."""
    return log_px + (log_pa - log_qa) + (log_pz - log_qz)


def latent_log_weights(log_pz, log_px, log_qz) -> tf.Tensor:
    """l_k = log p(x, z_k) - log q(z_k | x), [K, B]: without an address."""
    return log_px + (log_pz - log_qz)


def log_num_samples(log_weights: tf.Tensor) -> tf.Tensor:
    """log K as a scalar of the dtype of `log_weights`."""
    if log_weights.shape[0] is not None:
        return tf.constant(math.log(log_weights.shape[0]), log_weights.dtype)
    return tf.math.log(tf.cast(tf.shape(log_weights)[0], log_weights.dtype))


def iw_bound(log_weights: tf.Tensor) -> tf.Tensor:
    """L_K = log 1/K sum_k exp l_k, [B] (paper, equation 7)."""
    return tf.reduce_logsumexp(log_weights, axis=0) - log_num_samples(log_weights)


def shared_bound(log_weights: tf.Tensor, log_share: tf.Tensor) -> tf.Tensor:
    """log sum_s share_s exp l_s, [B]: L_K where each of K samples stands for 1/K of q(a | x),
    and the bound with the address summed out where each slot stands for its q(a | x)."""
    return tf.reduce_logsumexp(log_weights + log_share, axis=0)


def elbo(log_weights: tf.Tensor) -> tf.Tensor:
    """The K-sample average of L_1, [B] (paper, equation 2)."""
    return tf.reduce_mean(log_weights, axis=0)


def ess(log_weights: tf.Tensor) -> tf.Tensor:
    """Effective sample size 1 / sum_k w_k^2 of the normalised weights, [B], in [1, K]."""
    weights = tf.nn.softmax(log_weights, axis=0)
    return 1.0 / tf.reduce_sum(tf.square(weights), axis=0)
