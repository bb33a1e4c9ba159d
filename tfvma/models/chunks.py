"""A function of many rows, run on some of them at a time."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

# Enough for convolutions to run at full speed; what they hold is then some 100 MB.
LARGEST = 256


def in_chunks(function: Callable[[tf.Tensor], object], rows: tf.Tensor, largest: int | None = None):
    """`function(rows)` for a function that treats each row alone.

    The rows are divided evenly into as few chunks as possible, so that at most one row per
    chunk is computed in vain, and what `function` holds on its way does not grow with their
    number.

    Args:
        function: [N, ...] to a tensor, or a structure of tensors, [N, ...].
        rows: [N, ...], N > 0.
        largest: rows per chunk, at most; LARGEST when left out.

    Returns:
        As `function`, [N, ...].
    """
    num_rows = tf.shape(rows)[0]
    num_chunks = -(-num_rows // (largest or LARGEST))
    size = -(-num_rows // num_chunks)
    index = tf.reshape(tf.minimum(tf.range(num_chunks * size), num_rows - 1), [num_chunks, size])
    if tf.executing_eagerly():
        # To trace what runs once takes longer than to run it, and is kept by TensorFlow.
        parts = [function(tf.gather(rows, chunk)) for chunk in index]
        return tf.nest.map_structure(lambda *part: tf.concat(part, axis=0)[:num_rows], *parts)
    traced = tf.function(function, autograph=False).get_concrete_function(
        tf.TensorSpec([None, *rows.shape[1:]], rows.dtype)
    )
    outputs = tf.map_fn(
        lambda chunk: traced(tf.gather(rows, chunk)),
        index,
        fn_output_signature=tf.nest.map_structure(
            lambda output: tf.TensorSpec([None, *output.shape[1:]], output.dtype),
            traced.structured_outputs,
        ),
        parallel_iterations=1,
    )
    return tf.nest.map_structure(
        lambda output: tf.reshape(output, [-1, *output.shape[2:]])[:num_rows], outputs
    )
