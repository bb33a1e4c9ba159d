"""Rows of a small table, with a gradient at matrix speed."""

from __future__ import annotations

import tensorflow as tf

# A matrix of one-hot vectors with more numbers than this costs more than it saves.
_MOST = 2**22


@tf.custom_gradient
def gather_rows(rows: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
    """`tf.gather(rows, index)` for a table with about as many rows as are read.

    Its gradient adds up what reached each row. TensorFlow does that on one core, row by
    row; as a product with one-hot vectors it takes a fraction of the time for tens to
    hundreds of rows, and the order of the additions does not change from run to run. Of
    thousands of rows read thousands of times, as far as shapes are known, TensorFlow's way is
    taken.

    Args:
        rows: [N, ...].
        index: int32 [...], values in 0..N-1.

    Returns:
        [..., ...], of the dtype of `rows`.
    """

    def gradient(upstream):
        flat = tf.reshape(index, [-1])
        if (rows.shape[0] or 0) * (flat.shape[0] or 0) > _MOST:
            upstream = tf.reshape(upstream, tf.concat([tf.shape(flat), tf.shape(rows)[1:]], axis=0))
            # In bfloat16 a sum of ones, one by one, would end at 256.
            dtype = tf.float32 if upstream.dtype.size < 4 else upstream.dtype
            total = tf.math.unsorted_segment_sum(tf.cast(upstream, dtype), flat, tf.shape(rows)[0])
            return tf.cast(total, rows.dtype), None
        one_hot = tf.one_hot(flat, tf.shape(rows)[0], axis=0, dtype=upstream.dtype)
        total = one_hot @ tf.reshape(upstream, [tf.size(flat), -1])
        return tf.reshape(total, tf.shape(rows)), None

    return tf.gather(rows, index), gradient
