"""Divergence and entropy of address distributions. Pure functions; nats."""

from __future__ import annotations

import tensorflow as tf


def posterior_error(log_posterior: tf.Tensor, log_joint: tf.Tensor) -> tf.Tensor:
    """KL(q(a | x) || p(a | x)), [B], in nats.

        sum_a q(a | x) [log q(a | x) - log p(x, a) + log sum_a' p(x, a')]

    Args:
        log_posterior: log q(a | x), [B, M].
        log_joint: log p(x, a) but for a constant, [M, B].
    """
    log_exact = tf.nn.log_softmax(tf.transpose(log_joint))
    difference = tf.math.multiply_no_nan(log_posterior - log_exact, tf.exp(log_posterior))
    return tf.reduce_sum(difference, axis=-1)


def address_measures(
    log_posterior: tf.Tensor, log_prior: tf.Tensor, log_joint: tf.Tensor
) -> dict[str, float]:
    """The posterior error and the entropies of q(a | x) and p(a), means over B targets, nats.

    Args:
        log_posterior, log_prior: log q(a | x) and log p(a), M of them on the last axis.
        log_joint: as of `posterior_error`.
    """
    return {
        "posterior_error": float(tf.reduce_mean(posterior_error(log_posterior, log_joint))),
        "entropy_posterior": float(tf.reduce_mean(entropy(log_posterior))),
        "entropy_prior": float(tf.reduce_mean(entropy(log_prior))),
    }


def entropy(log_probabilities: tf.Tensor) -> tf.Tensor:
    """-sum_a p_a log p_a over the last axis, in nats."""
    terms = tf.math.multiply_no_nan(log_probabilities, tf.exp(log_probabilities))
    return -tf.reduce_sum(terms, axis=-1)
