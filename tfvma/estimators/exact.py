"""The evidence lower bound with the address summed out."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvma import bounds
from tfvma.estimators.enumeration import Enumerating


@keras.saving.register_keras_serializable("tfvma")
class Exact(Enumerating):
    """L_1 of the paper's equation 2 with no sampling of the address.

        sum_a q(a | x) [log p(x, a, z_a) - log q(a, z_a | x)],    z_a ~ q(z | x, a)

    and its gradient by autodiff. Decodes M * B times, whatever K is; unbiased.

    Args:
        most_slots: the largest memory that is taken.
    """

    def surrogate(self, densities, proposal=None, x=None):
        log_weights = bounds.log_weights(*densities)
        return tf.reduce_sum(tf.exp(densities.log_qa) * log_weights, axis=0)

    def latent_factor(self, densities, proposal=None):
        return tf.ones_like(densities.log_px)
