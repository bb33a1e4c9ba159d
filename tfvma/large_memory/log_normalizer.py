"""log sum_a exp S(m_a, x) over a memory of any size, and its gradient."""

from __future__ import annotations

import tensorflow as tf

from tfvma.large_memory.log_sums import block_log_sums
from tfvma.large_memory.mean_key import mean_key


def log_normalizer(queries: tf.Tensor, keys: tf.Tensor, log_sums: tf.Tensor) -> tf.Tensor:
    """log sum_a exp <query, key_a>, exact, without holding the scores [B, M].

    Its gradient with respect to a query is the mean key sum_a q(a) key_a, for which the
    backward pass goes over the keys once more. Keys are a constant here; those that were
    drawn get their gradient from `with_gradient_of_drawn`.

    Args:
        queries: float32 [B, E].
        keys: float32 [M, E].
        log_sums: `block_log_sums(queries, keys)`, [N, B].

    Returns:
        float32 [B], in nats.
    """
    keys, log_sums = tf.stop_gradient(keys), tf.stop_gradient(log_sums)

    @tf.custom_gradient
    def of_queries(queries):
        log_total = tf.reduce_logsumexp(log_sums, axis=0)

        def gradient(upstream):
            return upstream[:, tf.newaxis] * mean_key(queries, keys, log_total)

        return log_total, gradient

    return of_queries(queries)


def log_total_of_prior(prior_query: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
    """log sum_a exp <prior_query, key_a>, what normalises p(a), a scalar in nats.

    Differentiable in the prior query. Where neither it nor the keys change, once is enough.

    Args:
        prior_query: float32 [E].
        keys: float32 [M, E].
    """
    query = prior_query[tf.newaxis]
    log_sums = block_log_sums(tf.stop_gradient(query), tf.stop_gradient(keys))
    return log_normalizer(query, keys, log_sums)[0]


def with_gradient_of_drawn(
    log_total: tf.Tensor, queries: tf.Tensor, drawn_keys: tf.Tensor
) -> tf.Tensor:
    """The log-normaliser, with its gradient with respect to some of the keys.

        d log sum_a exp <query, key_a> = sum_a q(a) <query, d key_a>

    of which the terms of the drawn entries are kept.

    Args:
        log_total: `log_normalizer` of the queries, [B].
        queries: float32 [B, E]; no gradient flows to them from here.
        drawn_keys: keys of the entries that were drawn, each once, float32 [U, E].

    Returns:
        float32 [B], the value of `log_total`.
    """
    scores = tf.matmul(tf.stop_gradient(queries), drawn_keys, transpose_b=True)
    probs = tf.stop_gradient(tf.exp(scores - log_total[:, tf.newaxis]))
    return log_total + tf.reduce_sum(probs * (scores - tf.stop_gradient(scores)), axis=1)
