"""L_K of a model without an address, with thousands of samples in memory that does not
grow with K.

z is drawn and decoded in chunks, with the noise of z in tfvma/models/streaming.py and loc
and scale of q(z | x).
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from tfvma.distributions import latent_distribution, likelihood
from tfvma.models.samples import merge_samples, split_samples
from tfvma.models.streaming import SAMPLES_PER_CHUNK, chunk_seeds
from tfvma.sampling import sample_normal


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
    all_locs = tf.repeat(loc[tf.newaxis], SAMPLES_PER_CHUNK, axis=0)

    def add_chunk(chunk, log_total, reconstruction):
        kept = chunk * SAMPLES_PER_CHUNK + tf.range(SAMPLES_PER_CHUNK) < num_samples
        kept = kept[:, tf.newaxis]
        z = sample_normal(all_locs, scale, chunk_seeds(seed, chunk)[1])
        logits = split_samples(decode(merge_samples(z)), SAMPLES_PER_CHUNK)
        log_px = likelihood(logits).log_prob(x)
        log_weights = log_px + p_latent.log_prob(z) - q_latent.log_prob(z)
        log_chunk = tf.reduce_logsumexp(tf.where(kept, log_weights, -float("inf")), axis=0)
        return (
            chunk + 1,
            tf.reduce_logsumexp(tf.stack([log_total, log_chunk]), axis=0),
            reconstruction + tf.reduce_sum(tf.where(kept, log_px, 0.0), axis=0),
        )

    zeros = tf.zeros([tf.shape(x)[0]])
    num_chunks = -(-num_samples // SAMPLES_PER_CHUNK)
    _, log_total, reconstruction = tf.while_loop(
        lambda chunk, *_: chunk < num_chunks,
        add_chunk,
        (0, zeros - float("inf"), zeros),
        parallel_iterations=1,
    )
    count = tf.cast(num_samples, tf.float32)
    return {
        "log_likelihood": log_total - tf.math.log(count),
        "kl_latent": q_latent.kl_divergence(p_latent),
        "reconstruction": reconstruction / count,
    }
