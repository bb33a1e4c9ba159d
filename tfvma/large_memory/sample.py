"""Exact samples of the address over a memory of any size."""

from __future__ import annotations

import tensorflow as tf

from tfvma.large_memory.inverse_cdf import inverse_cdf
from tfvma.large_memory.strips import BLOCK, NO_SCORE
from tfvma.sampling import fine_uniform, split_seed


def sample_large(
    queries: tf.Tensor,
    keys: tf.Tensor,
    log_sums: tf.Tensor,
    num_samples: tf.Tensor | int,
    seed,
) -> tf.Tensor:
    """Draws a ~ softmax_a <query, key_a> in two steps: its block, then the slot within.

    Only the blocks that were drawn are scored again, K * B * 256 slots in all.

    Args:
        queries: float32 [B, E].
        keys: float32 [M, E].
        log_sums: `block_log_sums(queries, keys)`, [N, B].
        num_samples: K.
        seed: int32 [2]; the same seed draws the same.

    Returns:
        int32 [K, B], values in 0..M-1.
    """
    shape = [num_samples, tf.shape(queries)[0]]
    block_seed, slot_seed = split_seed(seed)
    return address_at(
        queries, keys, log_sums, fine_uniform(shape, block_seed), fine_uniform(shape, slot_seed)
    )


@tf.function(reduce_retracing=True)
def address_at(
    queries: tf.Tensor,
    keys: tf.Tensor,
    log_sums: tf.Tensor,
    block_uniforms: tf.Tensor,
    slot_uniforms: tf.Tensor,
) -> tf.Tensor:
    """The addresses that `sample_large` draws, from uniform numbers.

    With the cumulative sums in the order of the slots, a sample is the first block whose
    cumulative probability exceeds the first number, and within it the first slot whose
    cumulative probability, given the block, exceeds the second.

    Args:
        queries, keys, log_sums: as in `sample_large`.
        block_uniforms, slot_uniforms: float64 [K, B] in (0, 1).

    Returns:
        int32 [K, B].
    """
    last = tf.shape(keys)[0] - 1
    blocks = tf.transpose(inverse_cdf(tf.transpose(log_sums), tf.transpose(block_uniforms)))

    def draw_slot(drawn):
        block, uniforms = drawn
        slots = block[:, tf.newaxis] * BLOCK + tf.range(BLOCK)
        rows = tf.gather(keys, tf.minimum(slots, last))
        scores = tf.where(slots <= last, tf.linalg.matvec(rows, queries), NO_SCORE)
        within = inverse_cdf(scores, uniforms[:, tf.newaxis])[:, 0]
        return tf.minimum(block * BLOCK + within, last)

    # One sample of every query at a time: thousands of samples need no more memory than one.
    return tf.map_fn(
        draw_slot,
        (blocks, slot_uniforms),
        fn_output_signature=tf.TensorSpec(queries.shape[:1], tf.int32),
        parallel_iterations=2,
    )
