"""REINFORCE with the other samples as its baseline."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvma import bounds
from tfvma.estimators.estimator import Estimator, with_fixed_qa
from tfvma.estimators.leave_one_out import leave_one_out_mean
from tfvma.validation import check_at_least


@keras.saving.register_keras_serializable("tfvma")
class Reinforce(Estimator):
    """Score function with a leave-one-out baseline (Salimans & Knowles 2014; Kool et al. 2019).

        maximised:  E_q l, the evidence lower bound L_1, by the mean of K samples
        theta, z:   1/K sum_k grad (log p(x, a_k, z_k) - log q(z_k | x, a_k))
        q(a | x):   1/K sum_k (l_k - 1/(K-1) sum_{j != k} l_j) grad log q(a_k | x)

    Unbiased for the gradient of L_1.
    """

    def check(self, num_samples: int, memory_size: int | None = None) -> None:
        check_at_least("num_samples", num_samples, 2, "the other samples are the baseline")

    def surrogate(self, densities, proposal=None, x=None):
        log_weights = bounds.log_weights(*with_fixed_qa(densities))
        learning_signal = tf.stop_gradient(log_weights - leave_one_out_mean(log_weights))
        score = tf.reduce_mean(learning_signal * densities.log_qa, axis=0)
        return bounds.elbo(log_weights) + score

    def latent_factor(self, densities, proposal=None):
        return tf.ones_like(densities.log_px)
