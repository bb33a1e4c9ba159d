"""Reading where an index has looked: q(a | x) cut down to the entries that were found."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from tfvma import arguments
from tfvma.large_memory.inverse_cdf import inverse_cdf
from tfvma.sampling import fine_uniform


class TruncatedReading(NamedTuple):
    """K addresses for each of B targets, from T entries that were found for each; nats.

    address: a_k ~ q~(a | x), int32 [K, B].
    log_qa: log q~(a_k | x), [K, B].
    log_pa: log p(a_k), [K, B].
    log_found: log sum over the found of exp <query, key_a>, [B]; less the log-normaliser
        over all slots it is the log of the share of q(a | x) that was found.
    kl_a: KL(q~(a|x) || p(a)), exact, [B].
    """

    address: tf.Tensor
    log_qa: tf.Tensor
    log_pa: tf.Tensor
    log_found: tf.Tensor
    kl_a: tf.Tensor


def read_truncated(
    queries: tf.Tensor,
    prior_query: tf.Tensor,
    keys: tf.Tensor,
    found: tf.Tensor,
    prior_log_total: tf.Tensor,
    num_samples: tf.Tensor | int,
    seed,
) -> TruncatedReading:
    """Samples the address among the entries that an index has found.

        q~(a | x) = softmax of <query, key_a> over the found, 0 elsewhere

    q~ is a distribution over the slots, and log q~ is its own density, so that L_K stays a
    lower bound of log p(x | M) whatever the index misses. With c the share of q(a | x)
    that was found, KL(q~ || q) = -log c; where q(a, z | x) is the exact posterior, that is
    what the bound loses at K = 1. p(a) is not truncated.

    Differentiable in the queries, the prior query and the keys
    of the found.

    Args:
        queries: float32 [B, E].
        prior_query: float32 [E].
        keys: float32 [M, E].
        found: int32 [B, T], as `KeyIndex.search` gives them; -1 for nothing, but at least
            one entry for each query.
        prior_log_total: `log_total_of_prior(prior_query, keys)`, over all slots, a scalar.
        num_samples: K.
        seed: int32 [2].

    Raises:
        InvalidArgumentError: without samples, or for a seed of another kind.
    """
    num_samples, seed = arguments.count("num_samples", num_samples), arguments.seed(seed)
    return _read(queries, prior_query, keys, found, prior_log_total, num_samples, seed)


@tf.function(reduce_retracing=True)
def _read(queries, prior_query, keys, found, prior_log_total, num_samples, seed):
    there = found >= 0
    found_keys = tf.gather(keys, tf.maximum(found, 0))
    nothing = tf.float32.min
    scores = tf.where(there, tf.linalg.matvec(found_keys, queries), nothing)
    log_found = tf.reduce_logsumexp(scores, axis=1)
    log_q = scores - log_found[:, tf.newaxis]
    log_p = tf.linalg.matvec(found_keys, prior_query) - prior_log_total

    uniforms = fine_uniform([tf.shape(queries)[0], num_samples], seed)
    place = inverse_cdf(tf.stop_gradient(log_q), uniforms)

    def at_samples(values):
        return tf.transpose(tf.gather(values, place, batch_dims=1))

    return TruncatedReading(
        address=at_samples(found),
        log_qa=at_samples(log_q),
        log_pa=at_samples(log_p),
        log_found=log_found,
        kl_a=tf.reduce_sum(tf.where(there, tf.exp(log_q) * (log_q - log_p), 0.0), axis=1),
    )
