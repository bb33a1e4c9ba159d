"""log p(x, a) at every slot of a memory."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from tfvma import bounds
from tfvma.estimators.estimator import Estimator, Proposal, equal_shares
from tfvma.models.vma import VariationalMemoryAddressing
from tfvma.sampling import fold_in

# Images decoded at a time.
_DECODED_AT_ONCE = 4_096


class EveryAddress(NamedTuple):
    """Log probabilities of every slot, in nats.

    log_joint: a bound on log p(x, a), [M, B].
    log_prior: log p(a), [M].
    log_posterior: log q(a | x), [B, M].
    """

    log_joint: tf.Tensor
    log_prior: tf.Tensor
    log_posterior: tf.Tensor


class AddressEnumerator:
    """Evaluates a model at every slot, in chunks.

        log p(x, a) >= log p(a) + log 1/L sum_l p(x | z_l, m_a) p(z_l | m_a) / q(z_l | x, m_a)

    Args:
        model: as it stands when called.
        num_latents: L, samples z_l ~ q(z | x, m_a) of each slot.
    """

    def __init__(self, model: VariationalMemoryAddressing, num_latents: int):
        self._model = model
        self._num_latents = num_latents
        self._evaluate = tf.function(self._evaluate_slots, autograph=False)

    def __call__(self, x: tf.Tensor, memory: tf.Tensor | None, seed: tf.Tensor) -> EveryAddress:
        """Args: x [B, H, W, C]; memory [M, H, W, C] or None; seed of z, int32 [2]."""
        memory_size = self._model.memory.entries(memory).shape[0]
        slots_at_once = max(_DECODED_AT_ONCE // (self._num_latents * x.shape[0]), 1)
        chunks = [
            self._evaluate(
                x,
                memory,
                tf.range(first, min(first + slots_at_once, memory_size)),
                fold_in(seed, first),
            )
            for first in range(0, memory_size, slots_at_once)
        ]
        joint, prior, posterior = zip(*chunks, strict=True)
        return EveryAddress(tf.concat(joint, axis=0), tf.concat(prior, axis=0), posterior[0])

    def _evaluate_slots(self, x, memory, slots, seed) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        given = _Given(slots, self._num_latents)
        seeds = (seed, fold_in(seed, 1))
        inference = self._model.infer(x, memory, self._num_latents, seeds, given)
        log_pa, log_pz, log_px, _, log_qz = (
            tf.reshape(part, [self._num_latents, -1, x.shape[0]]) for part in inference.densities
        )
        of_latents = bounds.iw_bound(bounds.latent_log_weights(log_pz, log_px, log_qz))
        return log_pa[0] + of_latents, log_pa[0, :, 0], inference.log_posterior


class _Given(Estimator):
    """Proposes slots [N], each L times for every target."""

    def __init__(self, slots: tf.Tensor, num_latents: int):
        self._slots = slots
        self._num_latents = num_latents

    def propose(self, log_posterior, num_samples, seed):
        slots = tf.tile(self._slots, [self._num_latents])
        address = tf.repeat(slots[:, tf.newaxis], log_posterior.shape[0], axis=1)
        return Proposal(address, equal_shares(address, log_posterior.dtype))
