"""VIMCO: a score-function estimator with leave-one-out control variates."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from tfvma import bounds
from tfvma.estimators.estimator import Estimator, LogDensities
from tfvma.validation import check_at_least, check_choice


def leave_one_out_logsumexp(log_weights: tf.Tensor) -> tf.Tensor:
    """log sum_{j != k} exp l_j for every k, [K, B], by explicit exclusion.

    Subtracting exp l_k from the total would cancel where one weight dominates.
    """
    num_samples = log_weights.shape[0]
    off_diagonal = ~tf.eye(num_samples, dtype=tf.bool)[:, :, tf.newaxis]
    others = tf.where(off_diagonal, log_weights[tf.newaxis], -math.inf)
    return tf.reduce_logsumexp(others, axis=1)


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

    def check(self, num_samples: int) -> None:
        check_at_least("num_samples", num_samples, 2, "VIMCO learns from the other samples")

    def control_variate(self, log_weights: tf.Tensor) -> tf.Tensor:
        """L_{-k}, [K, B], from log weights [K, B]."""
        num_samples = log_weights.shape[0]
        others = leave_one_out_logsumexp(log_weights)
        if self.baseline == "arithmetic":
            return others - math.log(num_samples - 1)
        total = tf.reduce_sum(log_weights, axis=0)
        geometric_mean = (total - log_weights) / (num_samples - 1)
        return tf.reduce_logsumexp(tf.stack([others, geometric_mean]), axis=0) - math.log(
            num_samples
        )

    def surrogate(self, densities: LogDensities) -> tf.Tensor:
        fixed_qa = densities._replace(log_qa=tf.stop_gradient(densities.log_qa))
        log_weights = bounds.log_weights(*fixed_qa)
        bound = bounds.iw_bound(log_weights)

        weights = tf.nn.softmax(log_weights, axis=0)
        learning_signal = bound - self.control_variate(log_weights) - weights
        score = tf.reduce_sum(tf.stop_gradient(learning_signal) * densities.log_qa, axis=0)
        return bound + score

    def get_config(self) -> dict:
        return {"baseline": self.baseline}
