"""Stateless samplers whose draws depend on the seed alone.

The Philox generator gives the same bits with and without XLA. TensorFlow then turns
bits into floats in two ways, and so that a run is the same run however it is compiled,
this module has one of its own.
"""

from __future__ import annotations

import tensorflow as tf

# A float32 in [0, 1) with even spacing holds this many random bits.
_BITS = 23


def uniform(shape: tf.Tensor, seed) -> tf.Tensor:
    """Uniform float32 numbers in (0, 1): the odd multiples of 2^-24."""
    bits = tf.random.stateless_uniform(
        shape, seed, minval=None, maxval=None, dtype=tf.uint32, alg="philox"
    )
    upper = tf.cast(tf.bitwise.right_shift(bits, tf.constant(32 - _BITS, tf.uint32)), tf.float32)
    return (upper + 0.5) * 2.0**-_BITS


def fine_uniform(shape: tf.Tensor, seed) -> tf.Tensor:
    """Uniform float64 numbers in (0, 1): the odd multiples of 2^-47.

    For distribution functions over so many outcomes that 23 bits would not give each
    its share.
    """
    upper, lower = (tf.cast(uniform(shape, part), tf.float64) for part in split_seed(seed))
    # The upper number says which of 2^23 cells, the lower one where in it.
    return upper + (lower - 0.5) * 2.0**-_BITS


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
    gumbel = -tf.math.log(-tf.math.log(uniform(shape, seed)))
    return tf.argmax(log_posterior + gumbel, axis=-1, output_type=tf.int32)


def sample_normal(loc: tf.Tensor, scale: tf.Tensor, seed) -> tf.Tensor:
    """Draws loc + scale * eps, differentiable in both; the shape of `loc`."""
    return loc + scale * tf.math.ndtri(uniform(tf.shape(loc), seed))


def split_seed(seed) -> list[tf.Tensor]:
    """Two seeds, int32 [2] each, from one."""
    return tf.unstack(tf.random.split(seed, alg="philox"))
