"""Concrete and straight-through addresses, by quadrature over their noise and in their limits."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import tfvma.estimators.concrete
from tests.estimators.small_model import (
    TARGETS,
    SmallModel,
    assert_same,
    flat,
    gradient_of,
    noise_of_slots,
    slope,
)
from tfvma import bounds
from tfvma.errors import InvalidArgumentError
from tfvma.estimators import Concrete, StraightThrough
from tfvma.sampling import sample_address

SEED = (0, 0)


@pytest.fixture
def gumbel_noise(monkeypatch):
    """Has `relax` take the noise that the test sets."""
    given = {}
    monkeypatch.setattr(tfvma.estimators.concrete, "gumbel", lambda shape, seed: given["noise"])
    return given


def logistic_rule(temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """Points and weights of the difference of two Gumbel numbers: the trapezoidal rule, which
    is exact to rounding for what is smooth on the scale of its step."""
    step = min(0.05, temperature / 12)
    points = np.arange(-40.0, 40.0, step)
    return points, step * np.exp(-points) / (1.0 + np.exp(-points)) ** 2


def expected_surrogate(model: SmallModel, estimator, given) -> tf.Tensor:
    """Over the noise of one sample of an address of two slots, z's noise fixed, summed over x."""
    points, weights = logistic_rule(estimator.final_temperature)
    difference = np.repeat(points[:, np.newaxis], TARGETS, axis=1)
    given["noise"] = tf.constant(np.stack([np.zeros_like(difference), difference], axis=-1))
    relaxed = estimator.relax(model.address()[0], len(points), SEED, 0)
    noise = np.random.default_rng(1).normal(size=(1, 1, TARGETS, model.latent_dim))
    noise = tf.constant(np.broadcast_to(noise, [1, len(points), TARGETS, model.latent_dim]))
    densities = flat(model.read(relaxed[tf.newaxis], noise))
    surrogate = tf.reshape(estimator.surrogate(densities), [len(points), TARGETS])
    return tf.reduce_sum(weights[:, np.newaxis] * surrogate)


def exact_elbo(model: SmallModel) -> tf.Tensor:
    """The same without relaxation, the address summed out."""
    slots = np.arange(2)[:, np.newaxis, np.newaxis] * np.ones([1, 1, TARGETS], int)
    noise = np.random.default_rng(1).normal(size=(1, 1, TARGETS, model.latent_dim))
    noise = tf.constant(np.broadcast_to(noise, [2, 1, TARGETS, model.latent_dim]))
    densities = model.at(slots, noise)
    return tf.reduce_sum(tf.exp(densities.log_qa) * bounds.log_weights(*densities))


def at(temperature: float) -> Concrete:
    return Concrete(temperature, temperature, 0)


@pytest.mark.parametrize("temperature", [2.0, 0.5])
def test_concrete_is_unbiased_for_its_relaxed_bound(gumbel_noise, temperature):
    model = SmallModel(memory_size=2)

    def objective():
        return expected_surrogate(model, at(temperature), gumbel_noise)

    found = gradient_of(model, objective)
    for group in model.parameters:
        assert_same(found, {group: slope(model, group, objective)}, tolerance=1e-6)


def test_concrete_tends_to_the_bound_as_the_temperature_falls(gumbel_noise):
    model = SmallModel(memory_size=2)
    exact = gradient_of(model, lambda: exact_elbo(model))
    errors = []
    for temperature in (1.0, 0.3, 0.1, 0.03):
        found = gradient_of(
            model, lambda t=temperature: expected_surrogate(model, at(t), gumbel_noise)
        )
        gaps = [tf.norm(found[group] - exact[group]) for group in exact]
        sizes = [tf.norm(exact[group]) for group in exact]
        errors.append(float(tf.norm(gaps) / tf.norm(sizes)))
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.02


def test_straight_through_reads_a_slot_and_has_the_slope_of_the_mixture(gumbel_noise):
    model = SmallModel(memory_size=2)
    log_posterior = model.address()[0]
    gumbel_noise["noise"] = tf.constant([[[0.3, -0.2], [-1.0, 2.0]]], tf.float64)
    hard = StraightThrough(0.5, 0.5, 0).relax(log_posterior, 1, SEED, 0)
    np.testing.assert_array_equal(tf.reduce_sum(hard, axis=-1), np.ones([1, TARGETS]))
    expected = tf.argmax(log_posterior + gumbel_noise["noise"], axis=-1)
    np.testing.assert_array_equal(tf.argmax(hard, axis=-1), expected)
    assert set(np.unique(np.round(hard.numpy(), 12))) == {0.0, 1.0}

    upstream = tf.constant(np.random.default_rng(2).normal(size=(1, TARGETS, 2)))
    logits = tf.Variable(log_posterior)
    gradients = []
    for estimator in (StraightThrough(0.5, 0.5, 0), at(0.5)):
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(
                upstream * estimator.relax(tf.convert_to_tensor(logits), 1, SEED, 0)
            )
        gradients.append(tape.gradient(total, logits).numpy())
    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-12)
    assert np.abs(gradients[0]).max() > 1e-3


def test_largest_weight_is_at_the_sampled_address():
    log_posterior = tf.nn.log_softmax(
        tf.constant(np.random.default_rng(0).normal(size=(6, 30)), tf.float32)
    )
    weights = Concrete().relax(log_posterior, 5, (3, 4), 100)
    np.testing.assert_array_equal(
        tf.argmax(weights, axis=-1), sample_address(log_posterior, 5, (3, 4))
    )
    np.testing.assert_allclose(tf.reduce_sum(weights, axis=-1), np.ones([5, 6]), rtol=1e-5)


def test_temperature_falls_geometrically_and_stays():
    estimator = Concrete(temperature=2.0, final_temperature=0.5, decay_steps=100)
    found = [float(estimator.temperature_at(step)) for step in (0, 50, 100, 1000)]
    np.testing.assert_allclose(found, [2.0, 1.0, 0.5, 0.5], rtol=1e-6)
    assert float(Concrete(2.0, 0.5, 0).temperature_at(0)) == 0.5


@pytest.mark.parametrize(
    "settings",
    [
        {"temperature": 0.0},
        {"final_temperature": -1.0},
        {"temperature": float("nan")},
        {"temperature": "1"},
    ],
)
def test_temperatures_are_positive(settings):
    (name,) = settings
    with pytest.raises(InvalidArgumentError, match=rf"^{name}=.*more than 0.*'vimco'"):
        Concrete(**settings)


def test_one_sample_at_the_vertices_is_the_hard_read():
    """A mixture that is one-hot has the densities of its slot."""
    model = SmallModel(memory_size=3)
    address = np.array([[[0, 2]], [[1, 1]]])
    noise = noise_of_slots(address, model.latent_dim)
    hard = model.at(address, noise)
    mixed = model.read(tf.one_hot(address, 3, dtype=tf.float64), noise)
    for one, other in zip(hard, mixed, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
