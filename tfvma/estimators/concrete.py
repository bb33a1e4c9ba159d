"""Relaxed addresses: gradients through a mixture of slots."""

from __future__ import annotations

from numbers import Real

import keras
import tensorflow as tf

from tfvma import bounds
from tfvma.errors import InvalidArgumentError
from tfvma.estimators.estimator import Estimator, known_memory_size
from tfvma.sampling import gumbel
from tfvma.validation import check_at_least


class Relaxed(Estimator):
    """Base of the estimators that read a mixture of slots in the place of one.

        y_k = softmax_a((log q(a | x) + g_ka) / temperature),    g_ka ~ Gumbel
        maximised:  log 1/K sum_k exp l(y_k)

    l is the log weight of a read that mixes, with the weights y_k, what slots hold at every
    scale, as soft attention does; log p(a) and log q(a | x) become their means under y_k. All
    gradients are those of the path through y_k and z_k. The temperature falls from the first
    to the last geometrically over `decay_steps` steps, and stays there.

    Args:
        temperature: at the first step, more than 0.
        final_temperature: after `decay_steps`, more than 0.
        decay_steps: 0 takes the final one at once.
    """

    needs_memory_size = True

    def __init__(
        self,
        temperature: float = 1.0,
        final_temperature: float = 0.3,
        decay_steps: int = 5_000,
    ):
        for name, value in (
            ("temperature", temperature),
            ("final_temperature", final_temperature),
        ):
            if not (isinstance(value, Real) and value > 0.0):
                raise InvalidArgumentError(
                    f"{name}={value!r}: expected more than 0. The limit 0 has no gradient; "
                    "'vimco' and the other sampling estimators need no temperature."
                )
        check_at_least("decay_steps", decay_steps, 0)
        self.temperature = temperature
        self.final_temperature = final_temperature
        self.decay_steps = decay_steps

    def temperature_at(self, step: tf.Tensor | int) -> tf.Tensor:
        """The temperature of a step, a float32 scalar."""
        if self.decay_steps == 0:
            return tf.constant(self.final_temperature)
        progress = tf.minimum(tf.cast(step, tf.float32) / self.decay_steps, 1.0)
        return self.temperature * (self.final_temperature / self.temperature) ** progress

    def relax(
        self, log_posterior: tf.Tensor, num_samples: int, seed, step: tf.Tensor | int
    ) -> tf.Tensor:
        """Weights of the slots, [K, B, M], each set of which adds up to 1.

        The largest weight is at the address that `sample_address` draws from the same seed.
        Raises InvalidArgumentError where M is not known.
        """
        known_memory_size(log_posterior)
        shape = tf.concat([[num_samples], tf.shape(log_posterior)], axis=0)
        noise = tf.cast(gumbel(shape, seed), log_posterior.dtype)
        temperature = tf.cast(self.temperature_at(step), log_posterior.dtype)
        weights = tf.nn.softmax((log_posterior + noise) / temperature)
        return tf.ensure_shape(weights, [num_samples, *log_posterior.shape])

    def surrogate(self, densities, proposal=None, x=None):
        return bounds.iw_bound(bounds.log_weights(*densities))

    def get_config(self) -> dict:
        return {
            "temperature": self.temperature,
            "final_temperature": self.final_temperature,
            "decay_steps": self.decay_steps,
        }


@keras.saving.register_keras_serializable("tfvma")
class Concrete(Relaxed):
    """Gumbel-softmax (Maddison et al. 2017; Jang et al. 2017): see Relaxed.

    Unbiased for the relaxed bound, which the bound of the model is the limit of as the
    temperature falls to 0, while the variance grows. What training reports is measured at
    hard addresses, in a second pass.
    """


@keras.saving.register_keras_serializable("tfvma")
class StraightThrough(Relaxed):
    """Straight-through Gumbel-softmax (Jang et al. 2017, section 2.2): see Relaxed.

    Forward each y_k is the one-hot of its largest entry, an exact sample of q(a | x);
    backward it has the gradient of the relaxed one. Biased at every temperature: that of the
    relaxed read taken at the vertices.
    """

    def relax(self, log_posterior, num_samples, seed, step):
        soft = super().relax(log_posterior, num_samples, seed, step)
        hard = tf.one_hot(tf.argmax(soft, axis=-1), tf.shape(soft)[-1], dtype=soft.dtype)
        return tf.stop_gradient(hard - soft) + soft
