"""The entries that a set of addresses touches, each once."""

from __future__ import annotations

import tensorflow as tf

# Shapes that change from step to step cost kernels their caches; few sizes do not.
_MULTIPLE = 16


def distinct_entries(
    entries: tf.Tensor, address: tf.Tensor, compiled: bool
) -> tuple[tf.Tensor, tf.Tensor]:
    """What has to be encoded to serve `address`, and where each address finds it.

    A memory that is no larger than the number of addresses is encoded whole, once
    per slot. Of a larger one only the distinct addresses are, padded to a
    multiple of 16 with slot 0. XLA knows no dynamic shapes: compiled, always
    whole.

    Args:
        entries: [M, ...].
        address: int32 [...], values in 0..M-1.
        compiled: whether XLA compiles the caller.

    Returns:
        (entries [U, ...], slot [...]) with entries'[slot] = entries[address].
    """
    if compiled or _no_larger(entries.shape[0], address.shape.num_elements()):
        return entries, address
    distinct, slot = tf.unique(tf.reshape(address, [-1]))
    padding = -tf.size(distinct) % _MULTIPLE
    distinct = tf.pad(distinct, [[0, padding]])
    return tf.gather(entries, distinct), tf.reshape(slot, tf.shape(address))


def _no_larger(memory_size: int | None, num_addresses: int | None) -> bool:
    return memory_size is not None and num_addresses is not None and memory_size <= num_addresses
