"""Every slot, once for each target: what the exact estimators evaluate."""

from __future__ import annotations

import tensorflow as tf

from tfvma.errors import InvalidArgumentError
from tfvma.estimators.estimator import Proposal, known_memory_size

# 32 targets of 28x28 pixels then take about half a gigabyte in the MLP models.
MOST_SLOTS = 1_024


def every_slot(log_posterior: tf.Tensor, most_slots: int) -> Proposal:
    """All addresses 0..M-1, [M, B], each for its share q(a | x).

    Raises InvalidArgumentError where M is not known, or more than `most_slots`.
    """
    check_fits(known_memory_size(log_posterior), most_slots)
    batch, memory_size = tf.unstack(tf.shape(log_posterior))
    address = tf.repeat(tf.range(memory_size)[:, tf.newaxis], batch, axis=1)
    # Known shapes stay known: networks work in slices of a known number of targets.
    address = tf.ensure_shape(address, log_posterior.shape[::-1])
    return Proposal(address, tf.stop_gradient(tf.transpose(log_posterior)))


def check_fits(memory_size: int | None, most_slots: int) -> None:
    """Raises InvalidArgumentError for a memory too large to be enumerated."""
    if memory_size is not None and memory_size > most_slots:
        raise InvalidArgumentError(
            f"memory of {memory_size} slots: expected at most most_slots={most_slots} where every "
            "slot is decoded for every target. Use estimator='exact_top_k' or "
            "'marginal_top_k', which decode the likely ones, or 'vimco', which samples; or raise "
            "most_slots where there is room for M * B decodings and their gradients."
        )
