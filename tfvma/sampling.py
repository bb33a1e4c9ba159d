"""Stateless samplers whose draws depend on the seed alone.

The Philox generator gives the same bits with and without XLA, so that a run is
the same run however it is compiled.
"""

from __future__ import annotations

import tensorflow as tf

# Keeps -log(-log(u)) finite; 2^-25 is half the spacing of float32 uniforms.
_SMALLEST = 2.0**-25


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
    gumbel = -tf.math.log(-tf.math.log(tf.clip_by_value(uniform, _SMALLEST, 1.0 - _SMALLEST)))
    return tf.argmax(log_posterior + gumbel, axis=-1, output_type=tf.int32)


def sample_normal(loc: tf.Tensor, scale: tf.Tensor, seed) -> tf.Tensor:
    """Draws loc + scale * eps, differentiable in both; the shape of `loc`."""
    return loc + scale * tf.random.stateless_normal(tf.shape(loc), seed, alg="philox")
