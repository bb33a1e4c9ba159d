"""The similarities of an `Addressing` layer as inner products, which is all that is read here."""

from __future__ import annotations

import tensorflow as tf

from tfvma.layers.addressing import Addressing, comparable_keys, comparable_queries


def queries_of(addressing: Addressing, x: tf.Tensor) -> tf.Tensor:
    """h_q(x), divided by its norm where the similarity is a cosine, float32 [B, E]."""
    return comparable_queries(addressing.queries(x), addressing.similarity)


def keys_of(addressing: Addressing, entries: tf.Tensor) -> tf.Tensor:
    """h(m_a), divided by its norm unless the similarity is "inner", float32 [M, E]."""
    return comparable_keys(addressing.keys(entries), addressing.similarity)


def prior_query_of(addressing: Addressing, key_dim: int) -> tf.Tensor:
    """e_p, divided by its norm where the similarity is a cosine, float32 [E].

    A flat prior is the query zero: every score is 0.
    """
    if addressing.prior == "flat":
        return tf.zeros([key_dim])
    return comparable_queries(tf.convert_to_tensor(addressing.prior_query), addressing.similarity)
