"""Every slot, once for each target: what the estimators evaluate that sum out the address."""

from __future__ import annotations

import tensorflow as tf

from tfvma.errors import InvalidArgumentError
from tfvma.estimators.estimator import Estimator, Proposal, known_memory_size
from tfvma.validation import check_at_least

# 32 targets of 28x28 pixels then take about half a gigabyte in the MLP models.
MOST_SLOTS = 1_024


class Enumerating(Estimator):
    """An estimator that evaluates every slot, whatever K is.

    Args:
        most_slots: the largest memory that is taken.
    """

    needs_memory_size = True

    def __init__(self, most_slots: int = MOST_SLOTS):
        check_at_least("most_slots", most_slots, 1)
        self.most_slots = most_slots

    def check(self, num_samples: int, memory_size: int | None = None) -> None:
        check_fits(memory_size, self.most_slots)

    def propose(self, log_posterior, num_samples, seed):
        return every_slot(log_posterior, self.most_slots)

    def get_config(self) -> dict:
        return {"most_slots": self.most_slots}


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
