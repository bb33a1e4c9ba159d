"""The similarities of an `Addressing` layer as inner products, which is all that is read here."""

from __future__ import annotations

import tensorflow as tf

from tfvma.errors import InvalidArgumentError
from tfvma.layers.addressing import Addressing, comparable_keys, comparable_queries

_ENTRIES_AT_ONCE = 1_024


def queries_of(addressing: Addressing, x: tf.Tensor) -> tf.Tensor:
    """h_q(x), divided by its norm where the similarity is a cosine, float32 [B, E]."""
    return comparable_queries(addressing.queries(x), addressing.similarity)


def keys_of(addressing: Addressing, entries: tf.Tensor) -> tf.Tensor:
    """h(m_a), divided by its norm unless the similarity is "inner", float32 [M, E].

    In blocks of at most 1,024 entries: what embeddings hold of a whole memory takes gigabytes.
    """
    num_entries = entries.shape[0]
    if num_entries is None or num_entries <= _ENTRIES_AT_ONCE:
        return comparable_keys(addressing.keys(entries), addressing.similarity)
    starts = range(0, num_entries, _ENTRIES_AT_ONCE)
    blocks = [addressing.keys(entries[start : start + _ENTRIES_AT_ONCE]) for start in starts]
    return comparable_keys(tf.concat(blocks, axis=0), addressing.similarity)


def prior_query_of(addressing: Addressing, key_dim: int) -> tf.Tensor:
    """e_p, divided by its norm where the similarity is a cosine, float32 [E].

    A flat prior is the query zero: every score is 0.

    Raises InvalidArgumentError where the keys have another size than `key_dim`.
    """
    if addressing.prior == "flat":
        return tf.zeros([key_dim])
    if addressing.prior_query.shape[0] != key_dim:
        raise InvalidArgumentError(
            f"key_dim={key_dim}: expected {addressing.prior_query.shape[0]}, the size of the keys."
        )
    return comparable_queries(tf.convert_to_tensor(addressing.prior_query), addressing.similarity)
