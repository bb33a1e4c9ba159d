"""Stateless samplers whose draws depend on the seed alone.

The Philox generator gives the same bits with and without XLA. TensorFlow then turns
bits into floats in two ways, and so that a run is the same run however it is compiled,
this module has one of its own.
"""

from __future__ import annotations

import tensorflow as tf

# A float32 in [0, 1) with even spacing holds this many random bits.
_BITS = 23
# A float64 likewise: 1 - 2^-53 is the largest one below 1.
_LONG_BITS = 52


def uniform(shape: tf.Tensor, seed) -> tf.Tensor:
    """Uniform float32 numbers in (0, 1): the odd multiples of 2^-24."""
    bits = tf.random.stateless_uniform(
        shape, seed, minval=None, maxval=None, dtype=tf.uint32, alg="philox"
    )
    upper = tf.cast(tf.bitwise.right_shift(bits, tf.constant(32 - _BITS, tf.uint32)), tf.float32)
    return (upper + 0.5) * 2.0**-_BITS


def fine_uniform(shape: tf.Tensor, seed) -> tf.Tensor:
    """Uniform float64 numbers in (0, 1): the odd multiples of 2^-53.

    For distribution functions over so many outcomes that 23 bits would not give each
    its share.
    """
    bits = tf.random.stateless_uniform(
        shape, seed, minval=None, maxval=None, dtype=tf.uint64, alg="philox"
    )
    upper = tf.bitwise.right_shift(bits, tf.constant(64 - _LONG_BITS, tf.uint64))
    return (tf.cast(upper, tf.float64) + 0.5) * 2.0**-_LONG_BITS


def gumbel(shape: tf.Tensor, seed) -> tf.Tensor:
    """Standard Gumbel float32 numbers."""
    return -tf.math.log(-tf.math.log(uniform(shape, seed)))


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
    noise = tf.cast(gumbel(shape, seed), log_posterior.dtype)
    return tf.argmax(log_posterior + noise, axis=-1, output_type=tf.int32)


def sample_addresses_by_inversion(
    log_posterior: tf.Tensor, num_samples: tf.Tensor | int, seed
) -> tf.Tensor:
    """Draws many addresses per row at little more than one random number each.

    Inverts the cumulative distribution function: with u uniform in (0, 1), address a is
    the first with sum_{a' <= a} p(a') > u sum_{a'} p(a'). In float64, with 52 bits of u,
    each probability is met to 2^-52 times M, where float32 would give every address of
    less than 2^-24 that probability or none. No address of probability 0 is drawn: it
    adds nothing to the sum, and u is neither 0 nor 1.

    Args:
        log_posterior: [B, M] normalised or unnormalised log probabilities.
        num_samples: K.
        seed: int32 [2].

    Returns:
        int32 [K, B].
    """
    batch, memory_size = tf.unstack(tf.shape(log_posterior))
    u = fine_uniform(tf.stack([num_samples, batch]), seed)
    log_posterior = tf.cast(log_posterior, tf.float64)
    largest = tf.reduce_max(log_posterior, axis=1, keepdims=True)
    cumulative = tf.cumsum(tf.exp(log_posterior - largest), axis=1)
    address = tf.searchsorted(cumulative, tf.transpose(u) * cumulative[:, -1:], side="right")
    # Only NaN among the probabilities leads beyond the last.
    return tf.minimum(tf.transpose(address), memory_size - 1)


def stratified_addresses(log_posterior: tf.Tensor, num_samples: tf.Tensor | int, seed) -> tf.Tensor:
    """Draws one address from each K-th part of the distribution of each row, by inversion.

    With one u uniform in (0, 1) for a row, the addresses are those at (k + u) / K of the
    cumulative distribution function: not independent, and none has the distribution alone,
    but means over the K of any function have the right expectation, with less variance.
    No gradient passes.

    Args:
        log_posterior: [B, M] normalised log probabilities.
        num_samples: K.
        seed: int32 [2].

    Returns:
        int32 [K, B].
    """
    batch = tf.shape(log_posterior)[0]
    return addresses_at_strata(log_posterior, num_samples, fine_uniform(batch[tf.newaxis], seed))


def addresses_at_strata(
    log_posterior: tf.Tensor, num_samples: tf.Tensor | int, u: tf.Tensor
) -> tf.Tensor:
    """The addresses at (k + u) / K, int32 [K, B], for u [B] in (0, 1), float64."""
    probabilities = tf.exp(tf.cast(tf.stop_gradient(log_posterior), tf.float64))
    cumulative = tf.cumsum(probabilities, axis=1)
    strata = tf.cast(tf.range(num_samples), tf.float64)[tf.newaxis] + u[:, tf.newaxis]
    levels = strata / tf.cast(num_samples, tf.float64) * cumulative[:, -1:]
    address = tf.searchsorted(cumulative, levels, side="right")
    address = tf.minimum(address, tf.shape(log_posterior)[1] - 1)
    static = num_samples if isinstance(num_samples, int) else None
    return tf.ensure_shape(tf.transpose(address), [static, log_posterior.shape[0]])


def standard_normal(shape: tf.Tensor, seed) -> tf.Tensor:
    """Standard normal float32 numbers."""
    return tf.math.ndtri(uniform(shape, seed))


def sample_normal(loc: tf.Tensor, scale: tf.Tensor, seed) -> tf.Tensor:
    """Draws loc + scale * eps, differentiable in both; the shape of `loc`."""
    return loc + scale * standard_normal(tf.shape(loc), seed)


def fold_in(seed: tf.Tensor, number: tf.Tensor | int) -> tf.Tensor:
    """The seed, int32 [2], of one of many draws."""
    return tf.random.experimental.stateless_fold_in(seed, number, alg="philox")


def split_seed(seed) -> list[tf.Tensor]:
    """Two seeds, int32 [2] each, from one."""
    return tf.unstack(tf.random.split(seed, alg="philox"))
