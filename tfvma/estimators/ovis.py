"""OVIS: a control variate of optimal variance in the limit of many samples."""

from __future__ import annotations

from numbers import Real

import keras
import tensorflow as tf

from tfvma import bounds
from tfvma.errors import InvalidArgumentError
from tfvma.estimators.estimator import Estimator, with_fixed_qa
from tfvma.estimators.leave_one_out import leave_one_out_log_mean
from tfvma.validation import check_at_least


@keras.saving.register_keras_serializable("tfvma")
class Ovis(Estimator):
    """OVIS, asymptotic (Liévin, Dittadi, Christensen, Winther 2020, equation 17).

        d_k = L - w_k,    c_k = L_{-k} - gamma w_k + (1 - gamma) log(1 - 1/K)
        q(a | x):  sum_k (d_k - c_k) grad log q(a_k | x)

    with L_{-k} the log of the mean weight of the others; theta and z as in VIMCO. gamma = 1 is
    the optimum where the effective sample size is large, gamma = 0 where one weight
    dominates. With gamma = 0 it is VIMCO with the arithmetic baseline but for a constant, and
    unbiased. Else c_k depends on a_k itself: the expectation is then that of VIMCO plus
    gamma times that of wake-wake, sum_k w_k grad log q(a_k | x).

    Args:
        gamma: between 0 and 1.
    """

    def __init__(self, gamma: float = 1.0):
        if not (isinstance(gamma, Real) and 0.0 <= gamma <= 1.0):
            raise InvalidArgumentError(f"gamma={gamma!r}: expected a number from 0 to 1.")
        self.gamma = gamma

    def check(self, num_samples: int, memory_size: int | None = None) -> None:
        check_at_least("num_samples", num_samples, 2, "OVIS learns from the other samples")

    def surrogate(self, densities, proposal=None, x=None):
        log_weights = bounds.log_weights(*with_fixed_qa(densities))
        bound = bounds.iw_bound(log_weights)

        weights = tf.nn.softmax(log_weights, axis=0)
        log_others = tf.math.log1p(-1.0 / tf.cast(log_weights.shape[0], log_weights.dtype))
        advantage = bound - leave_one_out_log_mean(log_weights)
        learning_signal = advantage - (1.0 - self.gamma) * (weights + log_others)
        score = tf.reduce_sum(tf.stop_gradient(learning_signal) * densities.log_qa, axis=0)
        return bound + score

    def get_config(self) -> dict:
        return {"gamma": self.gamma}
