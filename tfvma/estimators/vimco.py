"""VIMCO: a score-function estimator with leave-one-out control variates."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvma import bounds
from tfvma.estimators.estimator import Estimator, with_fixed_qa
from tfvma.estimators.leave_one_out import (
    leave_one_out_log_mean,
    leave_one_out_logsumexp,
    leave_one_out_mean,
)
from tfvma.validation import check_at_least, check_choice


@keras.saving.register_keras_serializable("tfvma")
class Vimco(Estimator):
    """VIMCO (Mnih & Rezende 2016; paper, equations 7 and 8).

        L = log 1/K sum_k exp l_k
        theta, z:  sum_k w_k grad (log p(x, a_k, z_k) - log q(z_k | x, a_k))
        q(a | x):  sum_k (L - L_{-k} - w_k) grad log q(a_k | x)

    L_{-k} is what the other samples say of L: their arithmetic mean weight, as
    the memory paper prints it, or all K with the geometric mean of the others in
    the place of sample k, as Mnih & Rezende do.

    Args:
        baseline: "arithmetic" or "geometric".
    """

    def __init__(self, baseline: str = "arithmetic"):
        check_choice("baseline", baseline, ("arithmetic", "geometric"))
        self.baseline = baseline

    def check(self, num_samples: int, memory_size: int | None = None) -> None:
        check_at_least("num_samples", num_samples, 2, "VIMCO learns from the other samples")

    def control_variate(self, log_weights: tf.Tensor) -> tf.Tensor:
        """L_{-k}, [K, B], from log weights [K, B]."""
        if self.baseline == "arithmetic":
            return leave_one_out_log_mean(log_weights)
        others = leave_one_out_logsumexp(log_weights)
        all_samples = tf.stack([others, leave_one_out_mean(log_weights)])
        return tf.reduce_logsumexp(all_samples, axis=0) - bounds.log_num_samples(log_weights)

    def surrogate(self, densities, proposal=None, x=None):
        log_weights = bounds.log_weights(*with_fixed_qa(densities))
        bound = bounds.iw_bound(log_weights)

        weights = tf.nn.softmax(log_weights, axis=0)
        learning_signal = bound - self.control_variate(log_weights) - weights
        score = tf.reduce_sum(tf.stop_gradient(learning_signal) * densities.log_qa, axis=0)
        return bound + score

    def get_config(self) -> dict:
        return {"baseline": self.baseline}
