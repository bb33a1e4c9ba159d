"""Where to read in a large memory: samples of q(a | x) with both densities there."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from tfvma import arguments
from tfvma.errors import InvalidArgumentError
from tfvma.large_memory.log_normalizer import log_normalizer, with_gradient_of_drawn
from tfvma.large_memory.log_sums import block_log_sums
from tfvma.large_memory.sample import sample_large


class Reading(NamedTuple):
    """K addresses for each of B targets; nats.

    address: a_k ~ q(a | x), int32 [K, B].
    log_qa: log q(a_k | x), [K, B].
    log_pa: log p(a_k), [K, B].
    log_totals: log-normalisers of q(a | x), [B].
    """

    address: tf.Tensor
    log_qa: tf.Tensor
    log_pa: tf.Tensor
    log_totals: tf.Tensor


def read_large(
    queries: tf.Tensor,
    prior_query: tf.Tensor,
    keys: tf.Tensor,
    prior_log_total: tf.Tensor,
    num_samples: tf.Tensor | int,
    seed,
) -> Reading:
    """Samples the address exactly and gives log q and log p there (paper, equations 4 to 6).

        q(a | x) = softmax_a <query, key_a>        p(a) = softmax_a <prior_query, key_a>

    It goes over the keys once. Nothing of shape [B, M] exists.

    Densities are differentiable in the queries exactly, at the price of another pass,
    and in the keys as far as they were drawn: the gradient holds those rows alone, as
    `tf.IndexedSlices`, and they are right, through the normalisers too.

    Args:
        queries: float32 [B, E], `queries_of` an `Addressing` layer.
        prior_query: float32 [E], `prior_query_of` it; zeros make p(a) flat.
        keys: float32 [M, E], `keys_of` it.
        prior_log_total: `log_total_of_prior(prior_query, keys)`, a scalar. It is the same
            for all x, and while neither changes need not be computed again.
        num_samples: K.
        seed: int32 [2].

    Raises:
        InvalidArgumentError: without queries, keys or samples, when the sizes E of the
            vectors differ, or for a seed of another kind.
    """
    num_samples, seed = arguments.count("num_samples", num_samples), arguments.seed(seed)
    queries, prior_query, keys, prior_log_total = (
        tf.convert_to_tensor(value, tf.float32)
        for value in (queries, prior_query, keys, prior_log_total)
    )
    _check_vectors(queries, prior_query, keys)
    fixed_queries, fixed_keys = tf.stop_gradient(queries), tf.stop_gradient(keys)
    log_sums = block_log_sums(fixed_queries, fixed_keys)
    address = sample_large(fixed_queries, fixed_keys, log_sums, num_samples, seed)
    distinct, slot = tf.unique(tf.reshape(address, [-1]))
    return densities_at(
        address,
        tf.reshape(slot, tf.shape(address)),
        queries,
        prior_query,
        tf.gather(keys, distinct),
        log_normalizer(queries, keys, log_sums),
        prior_log_total,
    )


def densities_at(
    address: tf.Tensor,
    slot: tf.Tensor,
    queries: tf.Tensor,
    prior_query: tf.Tensor,
    drawn_keys: tf.Tensor,
    log_totals: tf.Tensor,
    prior_log_total: tf.Tensor,
) -> Reading:
    """The densities at addresses whose keys are `drawn_keys[slot]`.

    Args:
        address: int32 [K, B].
        slot: int32 [K, B].
        queries: [B, E].
        prior_query: [E].
        drawn_keys: [U, E], each drawn entry's key once.
        log_totals: log-normalisers of q(a | x), [B].
        prior_log_total: that of p(a), a scalar.
    """
    prior_queries = prior_query[tf.newaxis]
    log_totals = with_gradient_of_drawn(log_totals, queries, drawn_keys)
    prior_log_totals = with_gradient_of_drawn(
        prior_log_total[tf.newaxis], prior_queries, drawn_keys
    )
    scores = tf.matmul(queries, drawn_keys, transpose_b=True)
    prior_scores = tf.linalg.matvec(drawn_keys, prior_query)
    batch = tf.broadcast_to(tf.range(tf.shape(queries)[0]), tf.shape(slot))
    return Reading(
        address=address,
        log_qa=tf.gather_nd(scores, tf.stack([batch, slot], axis=-1)) - log_totals,
        log_pa=tf.gather(prior_scores, slot) - prior_log_totals,
        log_totals=log_totals,
    )


def _check_vectors(queries: tf.Tensor, prior_query: tf.Tensor, keys: tf.Tensor) -> None:
    if keys.shape[0] == 0:
        raise InvalidArgumentError(
            f"keys of shape {tuple(keys.shape)}: expected at least one key [M, E]."
        )
    if queries.shape[0] == 0:
        raise InvalidArgumentError(
            f"queries of shape {tuple(queries.shape)}: expected at least one query [B, E]."
        )
    for name, vectors in (("queries", queries), ("prior_query", prior_query)):
        if not vectors.shape[-1:].is_compatible_with(keys.shape[-1:]):
            raise InvalidArgumentError(
                f"{name} of shape {tuple(vectors.shape)}: expected {keys.shape[-1]} numbers in "
                "each vector, as many as in a key."
            )
