"""Muon: momentum with its singular values made equal, for matrices and convolutions."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from tfvma.training.fused_adam import FusedAdam

# Of the quintic that Jordan et al. chose for its slope at 0; it lands in about 0.7 to 1.2.
_A, _B, _C = 3.4445, -4.7750, 2.0315
_ITERATIONS = 5
_MOMENTUM = 0.95
# A matrix with fewer rows or columns has nothing to make equal.
_LEAST_RANK = 8
# Root mean square of an update in units of the rate: about Adam's (Liu et al. 2025).
_RMS = 0.2


def orthogonalize(matrix: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    """About U V^T for U S V^T = matrix, by five Newton-Schulz iterations, [R, C].

    X <- a X + (b A + c A^2) X with A = X X^T, from X = matrix / ||matrix||.

    Args:
        matrix: [R, C], static shape.
        dtype: what the products are computed in; the result has that of `matrix`.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    x = tf.transpose(matrix) if tall else matrix
    x = tf.cast(x / (tf.norm(x) + 1e-7), dtype)
    for _ in range(_ITERATIONS):
        gram = tf.matmul(x, x, transpose_b=True)
        x = _A * x + tf.matmul(_B * gram + _C * tf.matmul(gram, gram), x)
    x = tf.cast(x, matrix.dtype)
    return tf.transpose(x) if tall else x


@keras.saving.register_keras_serializable("tfvma")
class Muon(FusedAdam):
    """Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks".

        m <- 0.95 m + g
        w <- w - rate * 0.2 sqrt(max(R, C)) * orthogonalize(g + 0.95 m)

    A kernel of any rank is the matrix [all but the last axis, last axis]: keras.optimizers.Muon
    leaves convolutions to Adam. Here Adam, with the same rate, has what is left: vectors, and
    kernels of which one side is below 8. The scale is that of Liu et al. 2025, "Muon is scalable
    for LLM training", so that rates that suit Adam are of the right order.

    Args:
        products: dtype of the matrix products. "bfloat16" is faster where the processor
            has instructions for it.
        **adam_options: of keras.optimizers.Adam, for all weights.
    """

    def __init__(self, learning_rate=0.001, products: str = "float32", **adam_options):
        super().__init__(learning_rate=learning_rate, **adam_options)
        self.products = products

    def update_step(self, gradient, variable, learning_rate):
        columns = variable.shape[-1] if variable.shape.rank > 1 else 1
        rows = variable.shape.num_elements() // columns
        if min(rows, columns) < _LEAST_RANK or isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        momentum = self._momentums[self._get_variable_index(variable)].value
        momentum.assign(_MOMENTUM * momentum + gradient)
        ahead = tf.reshape(gradient + _MOMENTUM * momentum, [rows, columns])
        update = orthogonalize(ahead, tf.as_dtype(self.products))
        scale = tf.cast(learning_rate, variable.dtype) * _RMS * math.sqrt(max(rows, columns))
        variable.assign_sub(scale * tf.reshape(update, variable.shape))

    def get_config(self) -> dict:
        return {**super().get_config(), "products": self.products}
