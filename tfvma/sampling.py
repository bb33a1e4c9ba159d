"""Stateless samplers whose draws depend on the seed alone.

The Philox generator gives the same bits with and without XLA, so that a run is
the same run however it is compiled.
"""

from __future__ import annotations

import tensorflow as tf

# Uniforms are multiples of 2^-23 in [0, 1); half a spacing more keeps -log(-log(u)) finite.
_HALF_SPACING = 2.0**-24


def sample_address(log_posterior: tf.Tensor, num_samples: tf.Tensor | int, seed) -> tf.Tensor:
    """Draws `num_samples` addresses per row by the Gumbel-max trick.

    Args:
        log_posterior: [B, M] normalised or unnormalised log probabilities.
        num_samples: K.
        seed: int32 [2].

    Returns:
        int32 [K, B].
    """
    shape = tf.concat([[num_samples], tf.shape(log_posterior)], axis=0)
    uniform = tf.random.stateless_uniform(shape, seed, alg="philox")
    gumbel = -tf.math.log(-tf.math.log(uniform + _HALF_SPACING))
    return tf.argmax(log_posterior + gumbel, axis=-1, output_type=tf.int32)


def sample_normal(loc: tf.Tensor, scale: tf.Tensor, seed) -> tf.Tensor:
    """Draws loc + scale * eps, differentiable in both; the shape of `loc`."""
    return loc + scale * tf.random.stateless_normal(tf.shape(loc), seed, alg="philox")
