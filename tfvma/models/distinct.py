"""The entries, and the pairs of target and entry, that a set of addresses touches, each once."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

# Shapes that change from step to step cost kernels their caches; few sizes do not.
_MULTIPLE = 16
# So many samples in a step are those of an enumeration, where no pair comes twice.
_ENUMERATED = 2_048


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
    distinct, slot = _distinct(address)
    return tf.gather(entries, distinct), slot


class Pairs(NamedTuple):
    """Pairs of a target and an entry.

    target, entry: int32 [P], rows of both.
    place: int32 [K, B], the pair of each sample.
    """

    target: tf.Tensor
    entry: tf.Tensor
    place: tf.Tensor


def distinct_pairs(slot: tf.Tensor, num_entries: tf.Tensor | int, compiled: bool) -> Pairs:
    """The pairs that K samples of B targets touch.

    A target whose posterior is sure of its address draws the same entry again and
    again; what depends on the pair alone, as q(z | m, x) does, is then needed once.
    Padded as `distinct_entries` are; compiled, and where there are thousands, every sample is
    a pair of its own.

    Args:
        slot: int32 [K, B], the entry of each sample, values in 0..num_entries-1.
        num_entries: U.
        compiled: whether XLA compiles the caller.
    """
    num_samples, batch = tf.unstack(tf.shape(slot))
    size = slot.shape.num_elements()
    if compiled or slot.shape[0] == 1 or (size or 0) > _ENUMERATED:
        return Pairs(
            target=tf.ensure_shape(tf.tile(tf.range(batch), [num_samples]), [size]),
            entry=tf.reshape(slot, [-1]),
            place=tf.ensure_shape(
                tf.reshape(tf.range(num_samples * batch), [num_samples, batch]), slot.shape
            ),
        )
    distinct, place = _distinct(tf.range(batch) * num_entries + slot)
    return Pairs(target=distinct // num_entries, entry=distinct % num_entries, place=place)


def _distinct(values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The distinct ones of non-negative `values`, padded with 0, and the place of each."""
    distinct, place = tf.unique(tf.reshape(values, [-1]))
    distinct = tf.pad(distinct, [[0, -tf.size(distinct) % _MULTIPLE]])
    return distinct, tf.reshape(place, tf.shape(values))


def _no_larger(memory_size: int | None, num_addresses: int | None) -> bool:
    return memory_size is not None and num_addresses is not None and memory_size <= num_addresses
