"""What every gradient estimator takes and gives."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf


class LogDensities(NamedTuple):
    """Log densities at K samples (a_k, z_k) ~ q(a, z | x), each [K, B], in nats."""

    log_pa: tf.Tensor
    log_pz: tf.Tensor
    log_px: tf.Tensor
    log_qa: tf.Tensor
    log_qz: tf.Tensor


class Estimator:
    """Turns log densities into a surrogate whose gradient is the estimate.

    The value of a surrogate means nothing and is never reported.
    """

    def check(self, num_samples: int) -> None:
        """Raises InvalidArgumentError when `num_samples` cannot work."""

    def surrogate(self, densities: LogDensities) -> tf.Tensor:
        """[B]; its gradient estimates that of the bound (to be maximised)."""
        raise NotImplementedError

    def get_config(self) -> dict:
        """The settings, such that `type(self)(**config)` is an equal estimator."""
        return {}

    @classmethod
    def from_config(cls, config: dict) -> Estimator:
        """An estimator equal to the one whose settings these are."""
        return cls(**config)
