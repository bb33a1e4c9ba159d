"""What is unbiased only over the noise of z, by quadrature with D = 1.

The trapezoidal rule: weights are ratios of exponentials, whose poles near the real axis cost
Gauss-Hermite nodes their accuracy and equally spaced ones less.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tests.estimators.small_model import (
    TARGETS,
    SmallModel,
    all_tuples,
    assert_same,
    expected_gradient,
    flat,
)
from tests.estimators.test_expected_gradients import nvil_with_baselines, top_and_rest
from tfvma.estimators import (
    Concrete,
    Exact,
    ExactTopK,
    Marginal,
    MarginalTopK,
    Ovis,
    Proposal,
    Reinforce,
    StraightThrough,
    Vimco,
    WakeWake,
)

# Spacing and range in standard deviations: both errors are below 1e-12.
STEP, LAST = 0.15, 8.0
MEMORY_SIZE = 2


def small_model() -> SmallModel:
    """With maps so small that weights are smooth on the scale of the nodes."""
    model = SmallModel(MEMORY_SIZE, latent_dim=1)
    for name in ("decoder", "latent_posterior", "latent_prior"):
        model.parameters[name].assign(0.5 * model.parameters[name])
    return model


def quadrature(num_samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise [S, N, B, 1] at all grid points, and the logs of their weights, [N]."""
    nodes = np.arange(-LAST, LAST + STEP, STEP)
    log_weights = np.log(STEP) - 0.5 * nodes**2 - 0.5 * np.log(2 * np.pi)
    grid = np.array(list(itertools.product(nodes, repeat=num_samples)))
    log_weight = np.array(list(itertools.product(log_weights, repeat=num_samples))).sum(axis=1)
    noise = np.repeat(grid.T[:, :, np.newaxis, np.newaxis], TARGETS, axis=2)
    return noise, log_weight


def over_noise(model, estimator, kind, address, proposal, log_probability, latent_weight=1.0):
    """The gradient expected over z too; address [S, N, B] are the outcomes of the address."""
    num_samples, outcomes = address.shape[:2]
    noise, log_weight = quadrature(num_samples)
    points = noise.shape[1]
    noise = tf.constant(np.tile(noise, [1, outcomes, 1, 1]))
    address = np.repeat(address, points, axis=1)
    if proposal is not None:
        share = np.reshape(proposal.log_share, [num_samples, outcomes, TARGETS])
        share = np.repeat(share, points, axis=1).reshape(num_samples, -1)
        proposal = Proposal(tf.constant(address.reshape(num_samples, -1)), tf.constant(share))
    log_weight = tf.constant(np.repeat(np.tile(log_weight, outcomes), TARGETS))

    def log_prob(densities):
        if log_probability is None:
            return log_weight + tf.reduce_sum(densities.log_qa, axis=0)
        repeated = np.repeat(np.reshape(log_probability, [outcomes, TARGETS]), points, axis=0)
        return log_weight + repeated.ravel()

    return expected_gradient(
        model,
        estimator,
        lambda path: flat(model.at(address, noise, path)),
        log_prob,
        kind,
        proposal,
        latent_weight,
    )


CASES = {
    "vimco": Vimco,
    "vimco_geometric": lambda: Vimco("geometric"),
    "ovis": lambda: Ovis(0.7),
    "wake_wake": WakeWake,
    "reinforce": Reinforce,
    "nvil": lambda: nvil_with_baselines(deviation=0.5),
    "exact": Exact,
    "marginal": Marginal,
    "exact_top_k": lambda: ExactTopK(1),
    "marginal_top_k": lambda: MarginalTopK(1),
}


def both_ways(name: str, latent_weight: float = 1.0):
    model, make = small_model(), CASES[name]
    if name.endswith("top_k"):
        outcomes = top_and_rest(model, 1, 1)
    elif name in ("exact", "marginal"):
        every = np.arange(MEMORY_SIZE)[:, np.newaxis, np.newaxis]
        outcomes = np.repeat(every, TARGETS, axis=2), None, np.zeros(TARGETS)
    else:
        outcomes = all_tuples(MEMORY_SIZE, 2), None, None
    return [
        over_noise(model, make(), kind, *outcomes, latent_weight)
        for kind in ("reparameterized", "doubly_reparameterized")
    ]


@pytest.mark.parametrize("name", CASES)
def test_doubly_reparameterized_is_the_same_on_average(name):
    once, twice = both_ways(name)
    for gradients in (once, twice):
        assert float(tf.norm(gradients["latent_posterior"])) > 1e-2
    assert_same(twice, once)


@pytest.mark.parametrize("name", ["vimco", "wake_wake", "reinforce", "exact", "marginal_top_k"])
def test_doubly_reparameterized_while_the_latent_terms_warm_up(name):
    once, twice = both_ways(name, latent_weight=0.1)
    assert_same(twice, once)


@pytest.mark.parametrize("estimator", [Concrete(), StraightThrough()])
def test_doubly_reparameterized_reads_of_mixtures(estimator):
    """For given noise of the address, on which z depends through the mixture."""
    model = small_model()
    noise, log_weight = quadrature(2)
    points = noise.shape[1]

    def densities(path):
        weights = estimator.relax(model.address()[0], 2, (0, 1), 0)
        weights = tf.repeat(weights[:, tf.newaxis], points, axis=1)
        return flat(model.read(weights, tf.constant(noise), path))

    once, twice = (
        expected_gradient(
            model,
            estimator,
            densities,
            lambda _: tf.constant(np.repeat(log_weight, TARGETS)),
            kind,
        )
        for kind in ("reparameterized", "doubly_reparameterized")
    )
    assert float(tf.norm(once["queries"])) > 1e-2
    assert_same(twice, once)


def test_of_one_draw_they_differ():
    """The test above is about expectations: at a single noise the two are not the same."""
    model = small_model()
    address = all_tuples(MEMORY_SIZE, 2)
    noise = tf.constant(np.random.default_rng(0).normal(size=(*address.shape, 1)))
    once, twice = (
        expected_gradient(
            model,
            Vimco(),
            lambda path: flat(model.at(address, noise, path)),
            lambda densities: tf.reduce_sum(densities.log_qa, axis=0),
            kind,
        )
        for kind in ("reparameterized", "doubly_reparameterized")
    )
    difference = tf.norm(once["latent_posterior"] - twice["latent_posterior"])
    assert difference > 1e-2 * tf.norm(once["latent_posterior"])
    assert_same(once, twice, ["decoder", "latent_prior", "queries", "address_prior"])


@pytest.mark.parametrize("latent_weight", [1.0, 0.1])
def test_wake_phase_of_z_through_its_samples(latent_weight):
    """sum_k w_k grad log q(z_k) at fixed z, and its reparameterised form."""
    model = small_model()
    address = all_tuples(MEMORY_SIZE, 2)
    fixed, through = (
        over_noise(model, WakeWake(latent=latent), kind, address, None, None, latent_weight)
        for latent, kind in (("wake", "fixed"), ("wake_reparameterized", "doubly_reparameterized"))
    )
    assert float(tf.norm(fixed["latent_posterior"])) > 1e-2
    assert_same(through, fixed)
