"""KL(q(a|x) || p(a)) over a memory of any size."""

from __future__ import annotations

import tensorflow as tf

from tfvma.large_memory.mean_key import mean_key


def address_kl(
    queries: tf.Tensor,
    prior_query: tf.Tensor,
    keys: tf.Tensor,
    log_totals: tf.Tensor,
    prior_log_total: tf.Tensor,
) -> tf.Tensor:
    """The exact sum over all slots, in one more pass over the keys.

        KL(q || p) = <query - prior_query, sum_a q(a) key_a> - log Z_q + log Z_p

    because both scores are inner products with the same keys. It is a metric: no
    gradient flows through it.

    Args:
        queries: float32 [B, E].
        prior_query: float32 [E].
        keys: float32 [M, E].
        log_totals: log-normalisers of q(a | x), [B].
        prior_log_total: that of p(a), a scalar.

    Returns:
        float32 [B], in nats.
    """
    mean_keys = mean_key(*map(tf.stop_gradient, (queries, keys, log_totals)))
    mean_difference = tf.reduce_sum((queries - prior_query) * mean_keys, axis=1)
    return tf.stop_gradient(mean_difference - log_totals + prior_log_total)
