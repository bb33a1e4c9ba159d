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

from tfvma.bounds import latent_log_weights
from tfvma.distributions import latent_distribution, log_likelihood
from tfvma.models.samples import merge_samples
from tfvma.models.streamed_bound import streamed_bound
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

    def draw(sample):
        return sample_normal(loc, scale, fold_in(seed, sample + 1))

    def terms(samples):
        z = tf.map_fn(draw, samples, fn_output_signature=tf.TensorSpec(loc.shape, tf.float32))
        logits = decode(merge_samples(z))
        logits = tf.reshape(logits, [-1, batch, *logits.shape[1:]])
        log_px = log_likelihood(logits, x)
        return latent_log_weights(p_latent.log_prob(z), log_px, q_latent.log_prob(z)), log_px

    bound, reconstruction = streamed_bound(terms, num_samples, batch)
    return {
        "log_likelihood": bound,
        "kl_latent": q_latent.kl_divergence(p_latent),
        "reconstruction": reconstruction,
    }
