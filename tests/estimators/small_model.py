"""The whole model with linear maps, in float64, and sums over all that it can draw."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfvma.distributions import address_distribution, latent_distribution, likelihood
from tfvma.estimators import Estimator, LogDensities, Proposal
from tfvma.layers.addressing import similarity_scores
from tfvma.models.latent_path import LatentPath

TARGETS = 2
PIXELS = 4
ENTRY_DIM = 3
KEY_DIM = 2
# What q(a | x) alone depends on, q(z | x, m) alone, and p alone. The others serve both.
ADDRESS_POSTERIOR = ("queries",)
LATENT_POSTERIOR = ("latent_posterior",)
GENERATIVE = ("address_prior", "latent_prior", "decoder")


class SmallModel:
    """A learned memory and all densities."""

    def __init__(self, memory_size: int, latent_dim: int = 2, seed: int = 0):
        random = np.random.default_rng(seed)

        def group(*shape: int) -> tf.Variable:
            return tf.Variable(random.normal(scale=0.5, size=shape))

        self.memory_size = memory_size
        self.latent_dim = latent_dim
        self.x = tf.constant(random.integers(0, 2, size=(TARGETS, PIXELS)).astype(np.float64))
        self.parameters = {
            "memory": group(memory_size, ENTRY_DIM),
            "keys": group(ENTRY_DIM, KEY_DIM),
            "queries": group(PIXELS, KEY_DIM),
            "address_prior": group(1, KEY_DIM),
            "latent_prior": group(ENTRY_DIM, 2 * latent_dim),
            "latent_posterior": group(PIXELS + ENTRY_DIM, 2 * latent_dim),
            "decoder": group(latent_dim + ENTRY_DIM, PIXELS),
        }

    def address(self) -> tuple[tf.Tensor, tf.Tensor]:
        """log q(a | x) [B, M] and log p(a) [M]."""
        p = self.parameters
        keys = p["memory"] @ p["keys"]
        posterior = similarity_scores(self.x @ p["queries"], keys, "normalized")
        prior = similarity_scores(p["address_prior"], keys, "normalized")
        return tf.nn.log_softmax(posterior), tf.nn.log_softmax(prior)[0]

    def read(
        self, weights: tf.Tensor, noise: tf.Tensor, path: LatentPath | None = None
    ) -> LogDensities:
        """All densities where slots are read with `weights` [..., B, M], each [..., B].

        noise: of z, [..., B, D].
        """
        path = path or LatentPath()
        p = self.parameters
        log_posterior, log_prior = self.address()
        entries = weights @ p["memory"]
        x = tf.broadcast_to(self.x, [*entries.shape[:-1], PIXELS])
        p_latent = latent_distribution(*_normal(entries @ p["latent_prior"]))
        loc, scale = _normal(tf.concat([x, entries], axis=-1) @ p["latent_posterior"])
        z = path.through(loc + scale * noise)
        logits = tf.concat([z, entries], axis=-1) @ p["decoder"]
        pixels = tf.reshape(self.x, [TARGETS, 2, 2, 1])
        return LogDensities(
            log_pa=tf.reduce_sum(weights * log_prior, axis=-1),
            log_pz=p_latent.log_prob(z),
            log_px=likelihood(tf.reshape(logits, [*logits.shape[:-1], 2, 2, 1])).log_prob(pixels),
            log_qa=tf.reduce_sum(weights * log_posterior, axis=-1),
            log_qz=latent_distribution(*path.density_parameters(loc, scale)).log_prob(z),
        )

    def at(
        self, address: np.ndarray, noise: tf.Tensor, path: LatentPath | None = None
    ) -> LogDensities:
        """All densities at addresses int [S, ..., B], each [S, ..., B]."""
        one_hot = tf.one_hot(address, self.memory_size, dtype=tf.float64)
        return self.read(one_hot, noise, path)._replace(
            log_pa=address_distribution(self.address()[1]).log_prob(one_hot),
            log_qa=address_distribution(self.address()[0]).log_prob(one_hot),
        )


def _normal(parameters: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    loc, raw_scale = tf.split(parameters, 2, axis=-1)
    return loc, tf.nn.softplus(raw_scale)


def all_tuples(memory_size: int, num_samples: int) -> np.ndarray:
    """Every tuple of addresses, int [K, M^K, B]."""
    tuples = np.array(list(itertools.product(range(memory_size), repeat=num_samples)))
    return np.repeat(tuples.T[:, :, np.newaxis], TARGETS, axis=2)


def noise_of_slots(address: np.ndarray, latent_dim: int, own: bool = True) -> tf.Tensor:
    """Fixed noise of z for addresses [S, ..., B]: of each (sample, slot), or of each slot."""
    samples = np.arange(len(address)) if own else np.zeros(len(address), int)
    samples = samples.reshape([-1, *[1] * (address.ndim - 1)])
    table = np.random.default_rng(1).normal(size=(64, 64, TARGETS, latent_dim))
    return tf.constant(table[samples, address, np.arange(TARGETS)])


def flat(densities: LogDensities) -> LogDensities:
    """[S, N, B] to [S, N * B], as estimators take them."""
    return LogDensities(*(tf.reshape(part, [part.shape[0], -1]) for part in densities))


def expected_gradient(
    model: SmallModel,
    estimator: Estimator,
    densities: Callable[[LatentPath], LogDensities],
    log_probability: Callable[[LogDensities], tf.Tensor],
    kind: str = "reparameterized",
    proposal: Proposal | None = None,
    latent_weight: float = 1.0,
) -> dict[str, tf.Tensor]:
    """The sum over outcomes of their probability times the gradient of the surrogate.

    densities: at all outcomes, each [S, N * B].
    log_probability: of each outcome, [N * B].
    latent_weight: that of log p(z) - log q(z), as while it warms up.
    """
    path = LatentPath(kind)
    outcomes = model.x.shape[0]
    with tf.GradientTape() as tape:
        found = densities(path)
        found = found._replace(
            log_pz=latent_weight * found.log_pz, log_qz=latent_weight * found.log_qz
        )
        factor = estimator.warm_factor(estimator.latent_factor(found, proposal), latent_weight)
        path.scale_by(tf.reshape(factor, [len(found.log_px), -1, outcomes]))
        x = tf.tile(model.x, [found.log_px.shape[1] // outcomes, 1])
        surrogate = estimator.surrogate(found, proposal, tf.cast(x, tf.float32))
        total = tf.reduce_sum(tf.stop_gradient(tf.exp(log_probability(found))) * surrogate)
    return tape.gradient(total, model.parameters, unconnected_gradients="zero")


def gradient_of(model: SmallModel, objective: Callable[[], tf.Tensor]) -> dict[str, tf.Tensor]:
    """The gradient of the sum of `objective()` by group."""
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(objective())
    return tape.gradient(total, model.parameters, unconnected_gradients="zero")


def slope(model: SmallModel, group: str, objective: Callable[[], tf.Tensor]) -> np.ndarray:
    """The gradient of the sum of `objective()` in one group by central differences."""
    variable, step = model.parameters[group], 1e-5
    value = variable.numpy()
    found = np.zeros_like(value)
    for place in np.ndindex(*value.shape):
        ends = []
        for sign in (1, -1):
            moved = value.copy()
            moved[place] += sign * step
            variable.assign(moved)
            ends.append(float(tf.reduce_sum(objective())))
        found[place] = (ends[0] - ends[1]) / (2 * step)
    variable.assign(value)
    return found


def assert_same(found, expected, groups=None, tolerance: float = 1e-9) -> None:
    """Gradients agree in every group to `tolerance`, relative to the larger of norm and 1e-3."""
    for group in groups or expected:
        found_one, expected_one = map(tf.convert_to_tensor, (found[group], expected[group]))
        error = float(tf.norm(found_one - expected_one))
        assert error <= tolerance * max(float(tf.norm(expected_one)), 1e-3), (group, error)
