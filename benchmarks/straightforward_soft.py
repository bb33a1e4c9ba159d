"""Soft attention as one would first write it: a product of weights and features by
broadcasting, summed over the slots, and all that the decoder does with it once per z.

The same function of the same weights (tests/benchmarks/test_straightforward_soft.py).
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvma.models.soft_attention_vae import SoftAttentionVAE


@keras.saving.register_keras_serializable("benchmarks")
class StraightforwardSoft(SoftAttentionVAE):
    """A SoftAttentionVAE that reads without a matrix product."""

    def logits_of(self, memory, num_latents):
        features = self.entry_encoder(memory)
        keys = self.attention.keys(features[-1])
        contents = self.decoder.contents(features)

        def logits(z):
            weights = self.attention.weights_of_slots(z, keys)
            read = [_weighted_sum(weights, part) for part in contents]
            return self.decoder.from_condition(z, self.decoder.condition_from_contents(read))

        return logits


def _weighted_sum(weights: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """weights [N, M], values [M, ...] to [N, ...]."""
    ones = [1] * (values.shape.rank - 1)
    weights = tf.reshape(weights, [*weights.shape, *ones])
    return tf.reduce_sum(weights * values, axis=1)
