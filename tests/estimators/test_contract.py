"""What all estimators have in common: names, settings, limits, and weights at extremes."""

from __future__ import annotations

import inspect
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.estimators.test_vimco import EXTREMES
from tfvma import estimators
from tfvma.errors import InvalidArgumentError
from tfvma.estimators import (
    Exact,
    ExactTopK,
    LogDensities,
    Marginal,
    MarginalTopK,
    Ovis,
    Proposal,
    Relaxed,
    WakeWake,
)

NEED_TWO = ("vimco", "vimco_geometric", "ovis", "reinforce", "wake_wake", "wake_wake_joint")
NEED_ONE = ("nvil", "concrete", "straight_through", "exact_top_k", "marginal_top_k")


@pytest.mark.parametrize("name", estimators.NAMES)
def test_settings_survive_json(name):
    estimator = estimators.get(name)
    arguments = inspect.signature(type(estimator)).parameters
    assert set(arguments) <= set(estimator.get_config())
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(estimator)))
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is type(estimator)
    assert again.get_config() == estimator.get_config()
    assert again.latent_gradient == estimator.latent_gradient


@pytest.mark.parametrize("name", estimators.NAMES)
def test_docstrings_name_their_source(name):
    """The equation, with where it is from, is what a reader meets first."""
    text = type(estimators.get(name)).__doc__
    assert any(year in text for year in ("2014", "2015", "2016", "2017", "2019", "2020", "paper"))


@pytest.mark.parametrize("name", NEED_TWO)
def test_one_sample_is_too_few(name):
    with pytest.raises(InvalidArgumentError, match="num_samples=1: expected at least 2"):
        estimators.get(name).check(1, 16)
    estimators.get(name).check(2, 16)


@pytest.mark.parametrize("name", NEED_ONE)
def test_one_sample_is_enough(name):
    estimators.get(name).check(1, 16)


@pytest.mark.parametrize("estimator", [Exact(), Marginal(), Exact(most_slots=64)])
def test_a_memory_beyond_the_budget_is_refused(estimator):
    size = estimator.most_slots + 1
    message = f"memory of {size} slots: expected at most most_slots={size - 1}.*'exact_top_k'"
    with pytest.raises(InvalidArgumentError, match=message):
        estimator.check(4, size)
    with pytest.raises(InvalidArgumentError, match=message):
        estimator.propose(tf.zeros([2, size]), 4, (0, 0))
    estimator.check(4, size - 1)


@pytest.mark.parametrize("name", estimators.NAMES)
def test_a_memory_of_unknown_size(name):
    """Taken by those that sample, and refused by those that read a number of slots."""
    estimator = estimators.get(name)

    @tf.function(input_signature=[tf.TensorSpec([2, None])], autograph=False)
    def addresses(log_posterior):
        if isinstance(estimator, Relaxed):
            return estimator.relax(log_posterior, 4, (0, 1), 0)
        return estimator.propose(log_posterior, 4, (0, 1)).address

    log_posterior = tf.nn.log_softmax(tf.zeros([2, 5]))
    if isinstance(estimator, (Relaxed, Exact, Marginal, ExactTopK, MarginalTopK)):
        with pytest.raises(InvalidArgumentError, match="memory of unknown size.*'vimco'"):
            addresses(log_posterior)
    else:
        assert addresses(log_posterior).shape == (4, 2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Ovis(gamma=1.5), "gamma=1.5: expected a number from 0 to 1"),
        (lambda: Ovis(gamma=float("nan")), "gamma=nan: expected a number from 0 to 1"),
        (lambda: Ovis(gamma="1"), "gamma='1': expected a number from 0 to 1"),
        (lambda: ExactTopK(0), "num_top=0: expected at least 1"),
        (lambda: MarginalTopK(0), "num_top=0: expected at least 1"),
        (lambda: Exact(0), "most_slots=0: expected at least 1"),
        (lambda: WakeWake(latent="sleep"), "latent='sleep'.*'bound', 'wake'"),
        (lambda: WakeWake(addresses="all"), "addresses='all'.*'stratified'"),
    ],
)
def test_settings_are_checked(make, message):
    with pytest.raises(InvalidArgumentError, match=message):
        make()


def given(log_px: tf.Tensor) -> LogDensities:
    """A flat q and p of the address, all else 0."""
    log_pz, log_qz = tf.zeros_like(log_px), tf.zeros_like(log_px)
    flat = log_pz - tf.math.log(tf.cast(log_px.shape[0], log_px.dtype))
    return LogDensities(tf.identity(flat), log_pz, log_px, flat, log_qz)


def shares(log_px: tf.Tensor) -> Proposal:
    flat = tf.zeros_like(log_px) - tf.math.log(tf.cast(log_px.shape[0], log_px.dtype))
    return Proposal(tf.zeros(log_px.shape, tf.int32), flat)


def gradients(name: str, log_px: tf.Tensor, jit_compile: bool):
    estimator = estimators.get(name)
    estimator.build((2,))
    x = tf.zeros([log_px.shape[1], 2])

    @tf.function(jit_compile=jit_compile)
    def run(densities, proposal):
        with tf.GradientTape() as tape:
            tape.watch(densities)
            surrogate = estimator.surrogate(densities, proposal, x)
        factor = estimator.latent_factor(densities, proposal)
        return surrogate, factor, tape.gradient(surrogate, densities)

    return run(given(log_px), shares(log_px))


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("name", estimators.NAMES)
def test_extreme_weights_give_finite_gradients(name, jit_compile):
    log_px = tf.transpose(tf.constant(list(EXTREMES.values()), tf.float32))
    surrogate, factor, gradient = gradients(name, log_px, jit_compile)
    assert np.isfinite(surrogate).all()
    assert np.isfinite(factor).all()
    assert all(np.isfinite(part).all() for part in gradient)
    # What multiplies log p(x | z, m) adds up to one, however it is shared out.
    np.testing.assert_allclose(tf.reduce_sum(gradient.log_px, axis=0), np.ones(7), rtol=1e-5)


@pytest.mark.parametrize("num_samples", [2, 1000])
@pytest.mark.parametrize("name", estimators.NAMES)
def test_few_and_many_samples(name, num_samples):
    log_px = tf.constant(np.random.default_rng(0).normal(-80, 9, size=(num_samples, 3)), tf.float32)
    _, _, gradient = gradients(name, log_px, jit_compile=False)
    assert all(np.isfinite(part).all() for part in gradient)
    np.testing.assert_allclose(tf.reduce_sum(gradient.log_px, axis=0), np.ones(3), rtol=1e-4)


@pytest.mark.parametrize("memory_size", [1, 4096])
@pytest.mark.parametrize("name", estimators.NAMES)
def test_proposals_of_small_and_large_memories(name, memory_size):
    estimator = estimators.get(name)
    if isinstance(estimator, (Exact, Marginal)):
        estimator = type(estimator)(most_slots=4096)
    scores = np.random.default_rng(1).normal(size=(3, memory_size), scale=20.0)
    log_posterior = tf.nn.log_softmax(tf.constant(scores, tf.float32))
    if isinstance(estimator, Relaxed):
        weights = estimator.relax(log_posterior, 4, (0, 1), 0)
        assert weights.shape == (4, 3, memory_size)
        np.testing.assert_allclose(tf.reduce_sum(weights, axis=-1), np.ones([4, 3]), rtol=1e-5)
        return
    proposal = estimator.propose(log_posterior, 4, (0, 1))
    assert proposal.address.shape == proposal.log_share.shape
    assert 0 <= proposal.address.numpy().min() <= proposal.address.numpy().max() < memory_size
    total = tf.reduce_sum(tf.exp(proposal.log_share), axis=0)
    np.testing.assert_allclose(total, np.ones(3), rtol=1e-5)
