"""The evidence lower bound with the address summed out."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvma import bounds
from tfvma.estimators.enumeration import MOST_SLOTS, check_fits, every_slot
from tfvma.estimators.estimator import Estimator
from tfvma.validation import check_at_least


@keras.saving.register_keras_serializable("tfvma")
class Exact(Estimator):
    """L_1 of the paper's equation 2 with no sampling of the address.

        sum_a q(a | x) [log p(x, a, z_a) - log q(a, z_a | x)],    z_a ~ q(z | x, a)

    and its gradient by autodiff. Decodes M * B times, whatever K is; unbiased.

    Args:
        most_slots: the largest memory that is taken.
    """

    def __init__(self, most_slots: int = MOST_SLOTS):
        check_at_least("most_slots", most_slots, 1)
        self.most_slots = most_slots

    def check(self, num_samples: int, memory_size: int | None = None) -> None:
        check_fits(memory_size, self.most_slots)

    def propose(self, log_posterior, num_samples, seed):
        return every_slot(log_posterior, self.most_slots)

    def surrogate(self, densities, proposal=None, x=None):
        log_weights = bounds.log_weights(*densities)
        return tf.reduce_sum(tf.exp(densities.log_qa) * log_weights, axis=0)

    def latent_factor(self, densities, proposal=None):
        return tf.ones_like(densities.log_px)

    def get_config(self) -> dict:
        return {"most_slots": self.most_slots}
