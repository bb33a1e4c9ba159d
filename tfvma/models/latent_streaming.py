"""L_K of a model without an address, with thousands of samples in memory that does not
grow with K.

Noise, so that anybody can draw the same: with

    fold_in(seed, n) = tf.random.experimental.stateless_fold_in(seed, n, alg="philox")
    bits(shape, seed) = tf.random.stateless_uniform(
        shape, seed, minval=None, maxval=None, dtype=tf.uint32, alg="philox")

sample k = 0, 1, ..., K - 1 of every target is

    v = (bits([B, D], fold_in(seed, k + 1)) >> 9 + 1/2) / 2^23
    z = loc + scale * ndtri(v)

with loc and scale of q(z | x). Chunks have no part in it.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from tfvma.distributions import latent_distribution, likelihood
from tfvma.models.samples import merge_samples
from tfvma.models.streaming import DECODED_AT_ONCE
from tfvma.sampling import fold_in, sample_normal


def stream_latent_score(
    x: tf.Tensor,
    loc: tf.Tensor,
    scale: tf.Tensor,
    decode: Callable[[tf.Tensor], tf.Tensor],
    num_samples: tf.Tensor,
    seed: tf.Tensor,
) -> dict[str, tf.Tensor]:
    """The terms of the bound at K = num_samples; see LatentServing.score.

    Args:
        x: [B, H, W, C].
        loc, scale: of q(z | x), [B, D].
        decode: z [N, D] to logits [N, H, W, C].
        num_samples: K, int32 scalar.
        seed: int32 [2].
    """
    q_latent = latent_distribution(loc, scale)
    p_latent = latent_distribution(tf.zeros_like(loc), tf.ones_like(scale))
    batch = tf.shape(x)[0]
    samples_at_once = tf.maximum(DECODED_AT_ONCE // batch, 1)

    def draw(sample):
        return sample_normal(loc, scale, fold_in(seed, sample + 1))

    def add_chunk(start, log_total, reconstruction):
        samples = tf.range(start, tf.minimum(start + samples_at_once, num_samples))
        z = tf.map_fn(draw, samples, fn_output_signature=tf.TensorSpec(loc.shape, tf.float32))
        logits = decode(merge_samples(z))
        logits = tf.reshape(logits, [-1, batch, *logits.shape[1:]])
        log_px = likelihood(logits).log_prob(x)
        log_weights = log_px + p_latent.log_prob(z) - q_latent.log_prob(z)
        log_chunk = tf.reduce_logsumexp(log_weights, axis=0)
        return (
            start + samples_at_once,
            tf.reduce_logsumexp(tf.stack([log_total, log_chunk]), axis=0),
            reconstruction + tf.reduce_sum(log_px, axis=0),
        )

    # Of no stated length: what a chunk of samples of a single target adds has none either.
    totals = tf.TensorShape([None])
    zeros = tf.zeros([batch])
    _, log_total, reconstruction = tf.while_loop(
        lambda start, *_: start < num_samples,
        add_chunk,
        (0, zeros - float("inf"), zeros),
        shape_invariants=(tf.TensorShape([]), totals, totals),
        parallel_iterations=1,
    )
    count = tf.cast(num_samples, tf.float32)
    return {
        "log_likelihood": log_total - tf.math.log(count),
        "kl_latent": q_latent.kl_divergence(p_latent),
        "reconstruction": reconstruction / count,
    }
