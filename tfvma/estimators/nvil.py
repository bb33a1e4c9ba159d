"""NVIL: the score function with learned and running baselines."""

from __future__ import annotations

from numbers import Real

import keras
import tensorflow as tf

from tfvma import bounds
from tfvma.errors import InvalidArgumentError
from tfvma.estimators.estimator import ADDRESSES, Estimator, Proposal, with_fixed_qa
from tfvma.validation import check_at_least, check_choice


@keras.saving.register_keras_serializable("tfvma")
class Nvil(Estimator):
    """NVIL (Mnih & Gregor 2014, section 2.3): works from K = 1 on.

        maximised:  E_q l, the evidence lower bound L_1, by the mean of K samples
        q(a | x):   1/K sum_k (l_k - c - b(x)) / max(1, s) grad log q(a_k | x)

    b(x) is a network that learns l - c by least squares, c and s are running means of l - b(x)
    and of its deviation. All three are of earlier steps, so that the estimate is
    unbiased for L_1 but for the factor 1 / max(1, s) of the address' part. The baselines learn
    within the training step, by Adam of their own, and are no part of the model.

    Args:
        hidden_units: of b(x), one ReLU layer.
        learning_rate: of b(x).
        momentum: of the running means.
        addresses: "independent" samples, or "stratified": one from each K-th part of q(a | x),
            which is allowed since no sample serves as the baseline of another.
    """

    learns = True

    def __init__(
        self,
        hidden_units: int = 100,
        learning_rate: float = 1e-3,
        momentum: float = 0.9,
        addresses: str = "independent",
    ):
        check_at_least("hidden_units", hidden_units, 1)
        if not (isinstance(learning_rate, Real) and learning_rate > 0.0):
            raise InvalidArgumentError(f"learning_rate={learning_rate!r}: expected more than 0.")
        if not (isinstance(momentum, Real) and 0.0 <= momentum < 1.0):
            raise InvalidArgumentError(f"momentum={momentum!r}: expected 0 or more, less than 1.")
        check_choice("addresses", addresses, ADDRESSES)
        self.hidden_units = hidden_units
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.addresses = addresses
        self.baseline: keras.Sequential | None = None

    def build(self, image_shape):
        self.baseline = keras.Sequential(
            [
                keras.layers.Input(image_shape),
                keras.layers.Flatten(),
                keras.layers.Dense(self.hidden_units, "relu", dtype="float32"),
                keras.layers.Dense(1, kernel_initializer="zeros", dtype="float32"),
            ],
            name="nvil_baseline",
        )
        self.optimizer = keras.optimizers.Adam(self.learning_rate, name="nvil_adam")
        self.optimizer.build(self.baseline.trainable_variables)
        self.running_mean = keras.Variable(0.0, trainable=False, name="nvil_mean")
        self.running_square = keras.Variable(0.0, trainable=False, name="nvil_square")
        self.seen = keras.Variable(0.0, trainable=False, name="nvil_seen")

    @property
    def variables(self):
        if self.baseline is None:
            return []
        running = [self.running_mean, self.running_square, self.seen]
        return [*self.baseline.variables, *self.optimizer.variables, *running]

    def propose(self, log_posterior, num_samples, seed) -> Proposal:
        return ADDRESSES[self.addresses](log_posterior, num_samples, seed)

    def surrogate(self, densities, proposal=None, x=None):
        log_weights = bounds.log_weights(*with_fixed_qa(densities))
        values = tf.stop_gradient(log_weights)
        predicted, deviation = self._baselines(x, values.dtype)
        learning_signal = (values - predicted) / tf.maximum(deviation, 1.0)
        self._learn(x, tf.cast(values, tf.float32))
        score = tf.reduce_mean(learning_signal * densities.log_qa, axis=0)
        return bounds.elbo(log_weights) + score

    def latent_factor(self, densities, proposal=None):
        return tf.ones_like(densities.log_px)

    def get_config(self) -> dict:
        return {
            "hidden_units": self.hidden_units,
            "learning_rate": self.learning_rate,
            "momentum": self.momentum,
            "addresses": self.addresses,
        }

    def _baselines(self, x, dtype) -> tuple[tf.Tensor, tf.Tensor]:
        """c + b(x), [B], and the running deviation, as they stand."""
        mean, square = self._running()
        predicted = tf.stop_gradient(self.baseline(x)[:, 0]) + mean
        # A deviation is known after the first step.
        deviation = tf.sqrt(tf.maximum(square - tf.square(mean), 0.0))
        return tf.cast(predicted, dtype), tf.cast(deviation, dtype)

    def _running(self) -> tuple[tf.Tensor, tf.Tensor]:
        """Means of l - b(x) and of its square over earlier steps, each counted since the first."""
        weight = tf.maximum(tf.convert_to_tensor(self.seen), 1.0 - self.momentum)
        return self.running_mean / weight, self.running_square / weight

    def _learn(self, x, values: tf.Tensor) -> None:
        """One step of the baselines towards `values`, [K, B]."""
        mean, _ = self._running()
        with tf.GradientTape() as tape:
            error = values - mean - self.baseline(x)[:, 0]
            loss = tf.reduce_mean(tf.square(error))
        weights = self.baseline.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        error = error + mean
        for variable, new in (
            (self.running_mean, tf.reduce_mean(error)),
            (self.running_square, tf.reduce_mean(tf.square(error))),
            (self.seen, 1.0),
        ):
            variable.assign(self.momentum * variable + (1.0 - self.momentum) * new)
