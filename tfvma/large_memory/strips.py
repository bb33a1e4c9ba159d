"""A large key table in strips whose scores fit the processor's caches."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

# Slots in a block, the unit of the two-level draw: near the root of a million, so that
# neither drawing the block nor drawing the slot within it costs much.
BLOCK = 256
# Scores that are held at once by one of the strips under way: 8 MB. Measured on two cores
# with 32 queries and a million keys; half and twice as many are slower by up to a tenth.
_SCORES_PER_STRIP = 2**21
_STRIPS_AT_ONCE = 2
# Keeps padding out of every sum. Its difference to a score is finite, that of -inf is not
# where a whole block is padding.
NO_SCORE = tf.float32.min


def map_strips(
    reduce_strip: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    queries: tf.Tensor,
    keys: tf.Tensor,
    result: tf.TensorSpec,
) -> tf.Tensor:
    """Applies `reduce_strip` to the inner products of one strip of keys after another.

    Args:
        reduce_strip: (scores [R, B], strip of keys [at most R, E]) to a tensor of the
            shape of `result`. R is a multiple of BLOCK; rows of scores beyond the keys
            are NO_SCORE.
        queries: [B, E].
        keys: [M, E].
        result: shape and dtype that `reduce_strip` gives.

    Returns:
        What it gave, stacked, [number of strips, ...].
    """
    memory_size, batch = tf.shape(keys)[0], tf.shape(queries)[0]
    num_blocks = -(-memory_size // BLOCK)
    most_blocks = tf.maximum(_SCORES_PER_STRIP // (BLOCK * batch), 1)
    num_strips = -(-num_blocks // most_blocks)
    rows = -(-num_blocks // num_strips) * BLOCK

    def one_strip(strip):
        part = keys[strip * rows : (strip + 1) * rows]
        # Keys first: the sums over slots then run over whole rows, a seventh faster.
        scores = tf.matmul(part, queries, transpose_b=True)
        missing = rows - tf.shape(part)[0]
        scores = tf.cond(
            missing == 0,
            lambda: scores,
            lambda: tf.pad(scores, [[0, missing], [0, 0]], constant_values=NO_SCORE),
        )
        return reduce_strip(scores, part)

    return tf.map_fn(
        one_strip,
        tf.range(num_strips),
        fn_output_signature=result,
        parallel_iterations=_STRIPS_AT_ONCE,
    )
