"""L_K with thousands of samples in memory that does not grow with K.

Addresses are drawn first; every distinct entry is then encoded once, every
distinct pair (x, a) gets its q(z | m_a, x) once, and only drawing z and decoding
is left to do per sample, in chunks.

Noise, so that anybody can draw the same: with

    fold_in(seed, n) = tf.random.experimental.stateless_fold_in(seed, n, alg="philox")
    bits(shape, seed) = tf.random.stateless_uniform(
        shape, seed, minval=None, maxval=None, dtype=tf.uint32, alg="philox")
    uniform(shape, seed) = (bits(shape, seed) >> 9 + 1/2) / 2^23

chunk i = 0, 1, ... holds samples 4 i to 4 i + 3 of every target:

    u = uniform([4, B, M], fold_in(seed, 2 i))       a = argmax_a log q(a | x) - log(-log u)
    v = uniform([4, B, D], fold_in(seed, 2 i + 1))   z = loc + scale * ndtri(v)

with loc and scale of q(z | x, m_a). The last chunk is drawn whole, and what lies
beyond K is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

from tfvma.distributions import latent_distribution, likelihood
from tfvma.models.distinct import distinct_entries
from tfvma.sampling import sample_address, sample_normal

if TYPE_CHECKING:
    from tfvma.models.vma import VariationalMemoryAddressing

SAMPLES_PER_CHUNK = 4
_PAIRS_PER_CHUNK = 256


def chunk_seeds(seed: tf.Tensor, chunk: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Seeds of the addresses and of z in one chunk of samples."""
    fold_in = tf.random.experimental.stateless_fold_in
    return fold_in(seed, 2 * chunk, alg="philox"), fold_in(seed, 2 * chunk + 1, alg="philox")


def draw_addresses(log_posterior: tf.Tensor, num_chunks: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Addresses of all chunks, int32 [num_chunks, SAMPLES_PER_CHUNK, B]."""

    def draw(chunk):
        return sample_address(log_posterior, SAMPLES_PER_CHUNK, chunk_seeds(seed, chunk)[0])

    return tf.map_fn(
        draw, tf.range(num_chunks), fn_output_signature=tf.int32, parallel_iterations=1
    )


def posterior_of_pairs(
    posterior, x_projection: tf.Tensor, entry_projection: tf.Tensor, pairs: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """(loc, scale) [P, D] of q(z | m, x) for P pairs, in chunks.

    Args:
        posterior: layer with `from_projection`.
        x_projection: [B, ...].
        entry_projection: [U, ...].
        pairs: int32 [P], row of x_projection * U + row of entry_projection.
    """
    num_entries = tf.shape(entry_projection)[0]
    num_chunks = tf.maximum(-(-tf.size(pairs) // _PAIRS_PER_CHUNK), 1)
    padded = tf.pad(pairs, [[0, num_chunks * _PAIRS_PER_CHUNK - tf.size(pairs)]])

    def parameters(chunk):
        return posterior.from_projection(
            tf.gather(x_projection, chunk // num_entries)
            + tf.gather(entry_projection, chunk % num_entries)
        )

    loc, scale = tf.map_fn(
        parameters,
        tf.reshape(padded, [num_chunks, _PAIRS_PER_CHUNK]),
        fn_output_signature=(tf.float32, tf.float32),
        parallel_iterations=1,
    )
    return tf.reshape(loc, [-1, loc.shape[-1]]), tf.reshape(scale, [-1, scale.shape[-1]])


def stream_score(
    model: VariationalMemoryAddressing,
    x: tf.Tensor,
    memory: tf.Tensor | None,
    num_samples: tf.Tensor,
    seed: tf.Tensor,
) -> dict[str, tf.Tensor]:
    """The terms of the bound at K = num_samples; see VariationalMemoryAddressing.score."""
    entries = model.memory.entries(memory)
    keys = model.addressing.keys(entries)
    log_posterior = model.addressing.log_posterior(x, keys)
    log_prior = model.addressing.log_prior(keys)
    log_ratio = log_prior - log_posterior

    batch, memory_size = tf.shape(x)[0], tf.shape(entries)[0]
    num_chunks = -(-num_samples // SAMPLES_PER_CHUNK)
    address = draw_addresses(log_posterior, num_chunks, seed)
    used_entries, slot = distinct_entries(entries, address, compiled=False)
    features = model.entry_encoder(used_entries)
    prior_loc, prior_scale = model.prior_head(features[-1])
    condition = model.decoder.condition(features)

    rows = tf.range(batch)
    num_used = tf.shape(used_entries)[0]
    pairs, pair = tf.unique(tf.reshape(rows * num_used + slot, [-1]))
    loc, scale = posterior_of_pairs(
        model.posterior,
        model.posterior.project_x(x),
        model.posterior.project_entry(used_entries),
        pairs,
    )
    pair_slot = tf.pad(pairs % num_used, [[0, tf.shape(loc)[0] - tf.size(pairs)]])
    pair_kl_z = latent_distribution(loc, scale).kl_divergence(
        latent_distribution(tf.gather(prior_loc, pair_slot), tf.gather(prior_scale, pair_slot))
    )
    pair = tf.reshape(pair, tf.shape(slot))

    def add_chunk(chunk, log_total, reconstruction, kl_z):
        kept = chunk * SAMPLES_PER_CHUNK + tf.range(SAMPLES_PER_CHUNK) < num_samples
        kept = kept[:, tf.newaxis]
        flat_slot = tf.reshape(slot[chunk], [-1])
        q_loc, q_scale = tf.gather(loc, pair[chunk]), tf.gather(scale, pair[chunk])
        z = sample_normal(q_loc, q_scale, chunk_seeds(seed, chunk)[1])
        logits = model.decoder.from_condition(
            tf.reshape(z, [-1, z.shape[-1]]), [tf.gather(part, flat_slot) for part in condition]
        )
        logits = tf.reshape(logits, [SAMPLES_PER_CHUNK, -1, *logits.shape[1:]])
        log_px = likelihood(logits).log_prob(x)
        p_latent = latent_distribution(
            tf.gather(prior_loc, slot[chunk]), tf.gather(prior_scale, slot[chunk])
        )
        log_weights = (
            log_px
            + tf.gather(tf.reshape(log_ratio, [-1]), rows * memory_size + address[chunk])
            + p_latent.log_prob(z)
            - latent_distribution(q_loc, q_scale).log_prob(z)
        )
        log_weights = tf.where(kept, log_weights, -float("inf"))
        log_chunk = tf.reduce_logsumexp(log_weights, axis=0)
        return (
            chunk + 1,
            tf.reduce_logsumexp(tf.stack([log_total, log_chunk]), axis=0),
            reconstruction + tf.reduce_sum(tf.where(kept, log_px, 0.0), axis=0),
            kl_z + tf.reduce_sum(tf.where(kept, tf.gather(pair_kl_z, pair[chunk]), 0.0), axis=0),
        )

    zeros = tf.zeros([batch])
    _, log_total, reconstruction, kl_z = tf.while_loop(
        lambda chunk, *_: chunk < num_chunks,
        add_chunk,
        (0, zeros - float("inf"), zeros, zeros),
        parallel_iterations=1,
    )
    count = tf.cast(num_samples, tf.float32)
    return {
        "log_likelihood": log_total - tf.math.log(count),
        "kl_address": -tf.reduce_sum(tf.exp(log_posterior) * log_ratio, axis=-1),
        "kl_latent": kl_z / count,
        "reconstruction": reconstruction / count,
    }
