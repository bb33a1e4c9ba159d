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


def orthogonalize(matrix: tf.Tensor) -> tf.Tensor:
    """About U V^T for U S V^T = matrix, by five Newton-Schulz iterations, [R, C].

        X <- P X,  P = a + b A + c A^2,  A = X X^T,  from X = matrix / ||matrix||

    X itself is left out: A <- P A P and the product of all P are square matrices of the
    smaller side, so that an iteration costs four products of those.

    Args:
        matrix: [R, C], static shape.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    x = tf.transpose(matrix) if tall else matrix
    x = x / (tf.norm(x) + 1e-7)
    gram = tf.matmul(x, x, transpose_b=True)
    identity = tf.eye(gram.shape[0], dtype=gram.dtype)
    product = identity
    for _ in range(_ITERATIONS):
        polynomial = _A * identity + tf.matmul(_B * identity + _C * gram, gram)
        product = tf.matmul(polynomial, product)
        gram = tf.matmul(tf.matmul(polynomial, gram), polynomial)
    x = tf.matmul(product, x)
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

    Options are those of keras.optimizers.Adam.
    """

    def update_step(self, gradient, variable, learning_rate):
        columns = variable.shape[-1] if variable.shape.rank > 1 else 1
        rows = variable.shape.num_elements() // columns
        if min(rows, columns) < _LEAST_RANK or isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        momentum = self._momentums[self._get_variable_index(variable)].value
        momentum.assign(_MOMENTUM * momentum + gradient)
        ahead = tf.reshape(gradient + _MOMENTUM * momentum, [rows, columns])
        update = orthogonalize(ahead)
        scale = tf.cast(learning_rate, variable.dtype) * _RMS * math.sqrt(max(rows, columns))
        variable.assign_sub(scale * tf.reshape(update, variable.shape))
