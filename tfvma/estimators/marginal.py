"""The likelihood with the address summed out, and a posterior taught by enumeration."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvma import bounds
from tfvma.estimators.enumeration import Enumerating


@keras.saving.register_keras_serializable("tfvma")
class Marginal(Enumerating):
    """The sum over p(a) inside the log, with one sample of z for each slot.

        log p^(x, a) = log p(x | z_a, m_a) p(z_a | m_a) / q(z_a | x, m_a) + log p(a)
        maximised:     log sum_a p^(x, a)  -  KL(p^(a | x) || q(a | x)),  p^(a | x) held fixed

    The first is a bound on log p(x) that needs no q(a | x), the second teaches q(a | x),
    for use, without a part in the bound: what the paper's equation 1 and reweighted
    wake-sleep become when a is enumerated. Decodes M * B times, whatever K is; unbiased for
    its bound.

    Args:
        most_slots: the largest memory that is taken.
    """

    def surrogate(self, densities, proposal=None, x=None):
        log_joint = self._log_joint(densities)
        responsibility = tf.stop_gradient(tf.nn.softmax(log_joint, axis=0))
        lesson = tf.reduce_sum(responsibility * densities.log_qa, axis=0)
        return tf.reduce_logsumexp(log_joint, axis=0) + lesson

    def latent_factor(self, densities, proposal=None):
        return tf.nn.softmax(self._log_joint(densities), axis=0)

    @staticmethod
    def _log_joint(densities) -> tf.Tensor:
        """log p^(x, a), [M, B]."""
        latent = (densities.log_pz, densities.log_px, densities.log_qz)
        return densities.log_pa + bounds.latent_log_weights(*latent)
