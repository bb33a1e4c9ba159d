"""Reweighted wake-sleep with both of its phases awake."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvma import bounds
from tfvma.estimators.estimator import ADDRESSES, Estimator, Proposal, with_fixed_qa
from tfvma.validation import check_at_least, check_choice

_LATENT_GRADIENTS = {
    "bound": "reparameterized",
    "wake": "fixed",
    "wake_reparameterized": "doubly_reparameterized",
}


@keras.saving.register_keras_serializable("tfvma")
class WakeWake(Estimator):
    """Wake-wake (Bornschein & Bengio 2015, equations 7 and 10; Le et al. 2019).

        theta:     sum_k w_k grad log p(x, a_k, z_k)
        q(a | x):  sum_k (w_k - 1/K) grad log q(a_k | x)

    The second follows -KL(p(a | x) || q(a | x)) by self-normalised importance sampling, which
    is biased for a finite K; 1/K is a control variate of expectation 0, and lowers the
    variance.

    Args:
        latent: how q(z | x, a) is learned. "bound": as in VIMCO, through the samples. "wake":
            as q(a | x), from sum_k (w_k - 1/K) grad log q(z_k | x, a_k) at fixed z_k.
            "wake_reparameterized": in expectation the same, through the samples: sum_k
            (w_k - w_k^2) (d l_k / d z_k) (d z_k / d phi) (Tucker et al. 2018, section 5).
        addresses: "independent" samples, or "stratified": one from each K-th part of q(a | x),
            which is allowed since no sample serves as the baseline of another.
    """

    def __init__(self, latent: str = "bound", addresses: str = "independent"):
        check_choice("latent", latent, tuple(_LATENT_GRADIENTS))
        check_choice("addresses", addresses, ADDRESSES)
        self.latent = latent
        self.addresses = addresses
        self.latent_gradient = _LATENT_GRADIENTS[latent]

    def check(self, num_samples: int, memory_size: int | None = None) -> None:
        check_at_least("num_samples", num_samples, 2, "one weight is always 1")

    def propose(self, log_posterior, num_samples, seed) -> Proposal:
        return ADDRESSES[self.addresses](log_posterior, num_samples, seed)

    def surrogate(self, densities, proposal=None, x=None):
        weights = tf.stop_gradient(self._weights(densities))
        signal = weights - 1.0 / weights.shape[0]
        score = tf.reduce_sum(signal * densities.log_qa, axis=0)
        if self.latent != "wake":
            return bounds.iw_bound(bounds.log_weights(*with_fixed_qa(densities))) + score
        log_p = densities.log_pa + densities.log_pz + densities.log_px
        return tf.reduce_sum(weights * log_p + signal * densities.log_qz, axis=0) + score

    def latent_factor(self, densities, proposal=None):
        weights = self._weights(densities)
        return weights if self.latent == "bound" else 1.0 - weights

    def warm_factor(self, factor, latent_weight):
        # All that a wake phase teaches q(z) is its score, which counts beta times as much.
        if self.latent == "bound":
            return super().warm_factor(factor, latent_weight)
        return latent_weight * factor

    def get_config(self) -> dict:
        return {"latent": self.latent, "addresses": self.addresses}

    @staticmethod
    def _weights(densities) -> tf.Tensor:
        return tf.nn.softmax(bounds.log_weights(*densities), axis=0)
