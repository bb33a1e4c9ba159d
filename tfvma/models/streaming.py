"""L_K with thousands of samples: of one sample no more is held than some bytes.

Addresses are drawn first; every distinct entry is then encoded once, every
distinct pair (x, a) gets its q(z | m_a, x) once, and only drawing z and decoding
is left to do per sample, in chunks. Keys, entries and pairs are encoded in chunks
too: of a memory of M slots only the keys are held, of each distinct entry what
the decoder reads of it.

Noise, so that anybody can draw the same: with

    fold_in(seed, n) = tf.random.experimental.stateless_fold_in(seed, n, alg="philox")
    bits(shape, seed, dtype) = tf.random.stateless_uniform(
        shape, seed, minval=None, maxval=None, dtype=dtype, alg="philox")

sample k = 0, 1, ..., K - 1 of every target is

    u = (bits([K, B], fold_in(seed, 0), tf.uint64)[k] >> 12 + 1/2) / 2^52
    a = the first slot with sum_{a' <= a} q(a' | x) > u sum_{a'} q(a' | x), in float64
    v = (bits([B, D], fold_in(seed, k + 1), tf.uint32) >> 9 + 1/2) / 2^23
    z = loc + scale * ndtri(v)

with loc and scale of q(z | x, m_a). No chunk has a part in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

from tfvma.bounds import log_weights
from tfvma.distributions import latent_distribution, log_likelihood
from tfvma.models.chunks import in_chunks
from tfvma.models.distinct import distinct_entries
from tfvma.models.samples import merge_samples
from tfvma.models.streamed_bound import streamed_bound
from tfvma.sampling import fold_in, sample_addresses_by_inversion, uniform

if TYPE_CHECKING:
    from tfvma.models.vma import VariationalMemoryAddressing

# While one does what keeps a single core busy, the other convolves.
_PARALLEL_CHUNKS = 2


def stream_score(
    model: VariationalMemoryAddressing,
    x: tf.Tensor,
    entries: tf.Tensor,
    num_samples: tf.Tensor,
    seed: tf.Tensor,
) -> dict[str, tf.Tensor]:
    """The terms of the bound at K = num_samples; see VariationalMemoryAddressing.score.

    `entries` [M, ...] are all slots, of whichever memory.
    """
    keys = in_chunks(model.addressing.keys, entries)
    log_posterior = model.addressing.log_posterior(x, keys)
    log_prior = model.addressing.log_prior(keys)
    address = sample_addresses_by_inversion(log_posterior, num_samples, fold_in(seed, 0))

    def encode(entries):
        features = model.entry_encoder(entries)
        return (
            model.prior_head(features[-1]),
            model.posterior.project_entry(entries),
            model.decoder.condition(features),
        )

    used_entries, slot = distinct_entries(entries, address, compiled=False)
    (prior_loc, prior_scale), entry_projection, condition = in_chunks(encode, used_entries)
    x_projection = model.posterior.project_x(x)

    batch, memory_size = tf.shape(x)[0], tf.shape(entries)[0]
    rows, num_used = tf.range(batch), tf.shape(used_entries)[0]
    # A pair is one number, row * num_used + slot.
    pairs, pair = tf.unique(tf.reshape(rows * num_used + slot, [-1]))
    pair = tf.reshape(pair, tf.shape(slot))

    def infer(pairs):
        row, slot = pairs // num_used, pairs % num_used
        loc, scale = model.posterior.from_projection(
            tf.gather(x_projection, row) + tf.gather(entry_projection, slot)
        )
        prior = latent_distribution(tf.gather(prior_loc, slot), tf.gather(prior_scale, slot))
        return loc, scale, latent_distribution(loc, scale).kl_divergence(prior)

    loc, scale, pair_kl_z = in_chunks(infer, pairs)
    shape = tf.stack([batch, loc.shape[-1]])

    def terms(samples):
        chunk_address, chunk_slot, chunk_pair = (
            tf.gather(index, samples) for index in (address, slot, pair)
        )
        noise = tf.map_fn(
            lambda sample: uniform(shape, fold_in(seed, sample + 1)),
            samples,
            fn_output_signature=tf.TensorSpec([None, loc.shape[-1]], tf.float32),
        )
        q_loc, q_scale = tf.gather(loc, chunk_pair), tf.gather(scale, chunk_pair)
        z = q_loc + q_scale * tf.math.ndtri(noise)
        flat_slot = tf.reshape(chunk_slot, [-1])
        logits = model.decoder.from_condition(
            merge_samples(z), [tf.gather(part, flat_slot) for part in condition]
        )
        logits = tf.reshape(logits, [-1, batch, *logits.shape[1:]])
        log_px = log_likelihood(logits, x)
        p_latent = latent_distribution(
            tf.gather(prior_loc, chunk_slot), tf.gather(prior_scale, chunk_slot)
        )
        log_pa = tf.gather(log_prior, chunk_address)
        log_qa = tf.gather(tf.reshape(log_posterior, [-1]), rows * memory_size + chunk_address)
        log_pz = p_latent.log_prob(z)
        log_qz = latent_distribution(q_loc, q_scale).log_prob(z)
        return log_weights(log_pa, log_pz, log_px, log_qa, log_qz), log_px

    bound, reconstruction = streamed_bound(terms, num_samples, batch, _PARALLEL_CHUNKS)
    return {
        "log_likelihood": bound,
        "kl_address": tf.reduce_sum(tf.exp(log_posterior) * (log_posterior - log_prior), axis=-1),
        "kl_latent": tf.reduce_mean(tf.gather(pair_kl_z, pair), axis=0),
        "reconstruction": reconstruction,
    }
