"""All diagnostics of a compiled model on one episode."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvma import bounds
from tfvma.data.check import check_episodes, clear_errors
from tfvma.diagnostics.address_posterior import address_measures
from tfvma.diagnostics.every_address import AddressEnumerator
from tfvma.diagnostics.gradient_moments import (
    mean_variance,
    no_gradients,
    signal_to_noise,
    with_gradient,
)
from tfvma.errors import InvalidArgumentError
from tfvma.estimators.estimator import Estimator
from tfvma.models.vma import VariationalMemoryAddressing
from tfvma.sampling import fold_in
from tfvma.validation import check_at_least

REPEATS = 32
NUM_LATENTS = 4
_SEED = 0


class Diagnostics:
    """Measures the gradients of the model's estimator, and the model's q(a | x).

    Every layer of the model that has weights is a group of parameters. The gradients of the
    same episode are taken `repeats` times, with other noise each time and the weights, and the
    estimator's own state, as they are. They are those of the loss, `l2` with it, by which
    their means are moved and their variances are not.

    Args:
        model: compiled.
        episode: `x` [B, H, W, C] and, unless the memory is learned, `memory` [M, H, W, C].
        repeats: R, at least 2.
        num_latents: L, samples of z for each slot in p(a | x).

    Raises InvalidArgumentError for too few repeats or samples, for a model that has no address or
    is not compiled, and for an episode that the model could not be trained on.
    """

    def __init__(
        self,
        model: VariationalMemoryAddressing,
        episode: dict[str, tf.Tensor],
        repeats: int = REPEATS,
        num_latents: int = NUM_LATENTS,
    ):
        check_at_least("repeats", repeats, 2, "a variance takes two")
        check_at_least("num_latents", num_latents, 1)
        _check_model(model)
        if not isinstance(episode, dict):
            raise InvalidArgumentError(
                f"episode of type {type(episode).__name__}: expected a dict of tensors."
            )
        checked = check_episodes(
            tf.data.Dataset.from_tensors(episode), model.image_shape, model.takes_memory
        )
        with clear_errors():
            episode = next(iter(checked))
        self._model = model
        self._x = episode["x"]
        self._memory = episode["memory"] if model.takes_memory else None
        self._repeats = repeats
        self._every_address = AddressEnumerator(model, num_latents)
        self._repeat = tf.function(self._repeat_once, autograph=False)
        self._measures = self._compiled_with()

    def measure(self) -> dict[str, float]:
        """The same noise each time. Nats, means over the targets.

        snr_<group>, variance_<group>: see `signal_to_noise` and `mean_variance`.
        ess: effective sample size of K samples of q(a, z | x), a mean over the repeats.
        posterior_error: KL(q(a | x) || p(a | x)), with p(a | x) from all slots, each with an
            estimate of p(x | a) by L samples of z (see AddressEnumerator), and so with its noise.
        entropy_posterior, entropy_prior: of q(a | x) and p(a).

        Raises InvalidArgumentError where the model was compiled otherwise since.
        """
        if self._compiled_with() != self._measures:
            raise InvalidArgumentError(
                "model that was compiled with another estimator since: expected Diagnostics of its "
                "own for each."
            )
        seed = tf.constant([_SEED, 0])
        every = self._every_address(self._x, self._memory, fold_in(seed, self._repeats))
        return {
            **self._of_repeats(seed),
            **address_measures(every.log_posterior, every.log_prior, every.log_joint),
        }

    def _compiled_with(self) -> tuple[Estimator, str, str]:
        return self._model.estimator, self._model.latent_gradient, self._model.backward

    def _of_repeats(self, seed: tf.Tensor) -> dict[str, float]:
        kept = [tf.identity(variable.value) for variable in self._model.estimator_state]
        moments = {
            name: no_gradients(sum(weight.shape.num_elements() for weight in weights))
            for name, weights in groups(self._model).items()
        }
        ess = 0.0
        for repeat in range(self._repeats):
            gradients, sample_size = self._repeat(fold_in(seed, repeat))
            for name, gradient in gradients.items():
                moments[name] = with_gradient(moments[name], gradient.numpy())
            ess += float(sample_size) / self._repeats
            for variable, value in zip(self._model.estimator_state, kept, strict=True):
                variable.assign(value)
        return {
            **{f"snr_{name}": signal_to_noise(group) for name, group in moments.items()},
            **{f"variance_{name}": mean_variance(group) for name, group in moments.items()},
            "ess": ess,
        }

    def _repeat_once(self, seed: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        """The gradient of each group, [P], and the effective sample size."""
        model, seeds = self._model, tf.unstack(tf.random.split(seed, alg="philox"))
        episode = {"x": self._x, "memory": self._memory}
        by_weight = {
            id(weight): tf.zeros(weight.shape) if gradient is None else gradient
            for weight, gradient in zip(
                model.trainable_weights, model.gradients(episode, seeds), strict=True
            )
        }
        gradients = {
            name: tf.concat(
                [tf.reshape(tf.convert_to_tensor(by_weight[id(w)]), [-1]) for w in weights], axis=0
            )
            for name, weights in groups(model).items()
        }
        inference = model.infer(self._x, self._memory, model.num_samples, seeds)
        ess = bounds.ess(bounds.log_weights(*inference.densities))
        return gradients, tf.reduce_mean(ess)


def _check_model(model: keras.Model) -> None:
    if not isinstance(model, VariationalMemoryAddressing):
        raise InvalidArgumentError(
            f"model={type(model).__name__}: expected a VariationalMemoryAddressing; other models "
            "have no address, and no estimator of its gradient."
        )
    if not model.compiled:
        raise InvalidArgumentError(
            "model that is not compiled: expected one with an estimator, by "
            "`model.compile(estimator=...)`."
        )


def groups(model: VariationalMemoryAddressing) -> dict[str, list[keras.Variable]]:
    """The weights that train, by the layer that they belong to."""
    layers = {name: getattr(model, name).trainable_weights for name in model.LAYERS}
    return {name: weights for name, weights in layers.items() if weights}


def diagnostic_columns(model: VariationalMemoryAddressing) -> tuple[str, ...]:
    """The names that `measure` gives, after "step"."""
    names = groups(model)
    return (
        "step",
        *(f"snr_{name}" for name in names),
        *(f"variance_{name}" for name in names),
        "ess",
        "posterior_error",
        "entropy_posterior",
        "entropy_prior",
    )
