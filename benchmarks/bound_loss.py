"""What the bound of a trained model loses when q(a | x) is cut down to what an index finds."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from benchmarks.address_calls import FOUND
from benchmarks.drawn_keys import DrawnKeys
from tfvma import bounds
from tfvma.distributions import latent_distribution, likelihood
from tfvma.large_memory import (
    KeyIndex,
    address_kl,
    log_total_of_prior,
    read_large,
    read_truncated,
)
from tfvma.sampling import sample_normal, split_seed

_NUM_SAMPLES = 100
_SAMPLES_PER_CHUNK = 4
_SEED = tf.constant([2, 3], tf.int32)


def bound_rows(drawn: DrawnKeys) -> list[dict]:
    """The bound of all queries on the whole memory: exact, and with each number of found.

    The noise of z is the same in all rows. L_K with K below the number of samples is the
    mean over groups of them.
    """
    queries, prior_query, keys = map(tf.constant, (drawn.queries, drawn.prior_query, drawn.keys))
    address_seed, latent_seed = split_seed(_SEED)
    total = log_total_of_prior(prior_query, keys)
    exact = read_large(queries, prior_query, keys, total, _NUM_SAMPLES, address_seed)
    kl_a = address_kl(queries, prior_query, keys, exact.log_totals, total)
    weights = {"all": log_weights(drawn, exact, latent_seed)}
    kls = {"all": kl_a}
    index = KeyIndex(drawn.keys)
    for count in FOUND:
        found = index.search(drawn.queries, count)
        reading = read_truncated(
            queries, prior_query, keys, found, total, _NUM_SAMPLES, address_seed
        )
        weights[str(count)] = log_weights(drawn, reading, latent_seed)
        kls[str(count)] = reading.kl_a
    exact_bound = bounds.iw_bound(weights["all"])
    return [
        {
            "found": found,
            "memory_size": len(drawn.keys),
            "targets": len(drawn.queries),
            "kl_a": _mean(kls[found]),
            **{f"bound_{k}": _mean(bound_in_groups(values, k)) for k in (1, 4, _NUM_SAMPLES)},
            "change": _mean(bounds.iw_bound(values) - exact_bound),
            "change_stderr": _stderr(bounds.iw_bound(values) - exact_bound),
        }
        for found, values in weights.items()
    ]


def bound_in_groups(weights: tf.Tensor, num_samples: int) -> tf.Tensor:
    """L_K of each target, [B], the mean over groups of K of all samples [S, B]."""
    groups = tf.reshape(weights, [-1, num_samples, weights.shape[1]])
    return tf.reduce_mean(tf.reduce_logsumexp(groups, axis=1), axis=0) - math.log(num_samples)


def log_weights(drawn: DrawnKeys, reading, seed: tf.Tensor) -> tf.Tensor:
    """log p(x, a_k, z_k) - log q(a_k, z_k | x) at the samples of a reading, [K, B]."""
    densities = _latent_densities(drawn)
    chunks = []
    for start in range(0, _NUM_SAMPLES, _SAMPLES_PER_CHUNK):
        address = reading.address[start : start + _SAMPLES_PER_CHUNK].numpy()
        entry = tf.constant(drawn.entries[address.reshape(-1)], tf.float32)
        chunk_seed = tf.random.experimental.stateless_fold_in(seed, start, alg="philox")
        chunks.append(tf.reshape(densities(entry, chunk_seed), address.shape))
    return tf.concat(chunks, axis=0) + reading.log_pa - reading.log_qa


def _latent_densities(drawn: DrawnKeys) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """log p(x, z | m) - log q(z | m, x) for entries [4 B, ...] of all targets, [4 B]."""
    model, x = drawn.model, tf.tile(drawn.x, [_SAMPLES_PER_CHUNK, 1, 1, 1])

    @tf.function
    def densities(entry, seed):
        features = model.entry_encoder(entry)
        p_latent = latent_distribution(*model.prior_head(features[-1]))
        loc, scale = model.posterior(x, entry)
        z = sample_normal(loc, scale, seed)
        log_px = likelihood(model.decoder(z, features)).log_prob(x)
        return log_px + p_latent.log_prob(z) - latent_distribution(loc, scale).log_prob(z)

    return densities


def _mean(values: tf.Tensor) -> float:
    return round(float(tf.reduce_mean(values)), 3)


def _stderr(values: tf.Tensor) -> float:
    return round(float(np.std(values, ddof=1) / math.sqrt(len(values))), 3)
