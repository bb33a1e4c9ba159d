"""VIMCO against exact enumeration of the addresses, and against other implementations."""

from __future__ import annotations

import itertools
import json
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tests.estimators.small_model import TARGETS, SmallModel
from tfvma import bounds, estimators
from tfvma.errors import InvalidArgumentError
from tfvma.estimators import LogDensities, Vimco
from tfvma.estimators.leave_one_out import leave_one_out_logsumexp

LATENT_DIM = 2


def at_every_slot(model: SmallModel, noise: tf.Tensor) -> LogDensities:
    """All densities at every address, [K, M, B], from noise [K, M, B, D] of z."""
    slots = np.arange(model.memory_size)[:, np.newaxis]
    return model.at(np.broadcast_to(slots, noise.shape[:-1]), noise)


def enumerate_addresses(
    densities: LogDensities, num_samples: int, memory_size: int
) -> tuple[LogDensities, tf.Tensor]:
    """Densities at all M^K tuples of addresses, [K, M^K * B], and their probabilities."""
    tuples = np.array(list(itertools.product(range(memory_size), repeat=num_samples)))
    pairs = np.stack(
        [np.broadcast_to(np.arange(num_samples)[:, None], tuples.T.shape), tuples.T], axis=-1
    )
    at_tuples = LogDensities(
        *(tf.reshape(tf.gather_nd(value, pairs), [num_samples, -1]) for value in densities)
    )
    return at_tuples, tf.exp(tf.reduce_sum(at_tuples.log_qa, axis=0))


def noise_of(num_samples: int, memory_size: int) -> tf.Tensor:
    shape = (num_samples, memory_size, TARGETS, LATENT_DIM)
    return tf.constant(np.random.default_rng(1).normal(size=shape))


def both_gradients(model: SmallModel, estimator, num_samples: int) -> tuple[dict, dict]:
    """Gradient of the expected bound, and the expectation of the estimated one, by group."""
    noise = noise_of(num_samples, model.memory_size)
    with tf.GradientTape(persistent=True) as tape:
        densities, probability = enumerate_addresses(
            at_every_slot(model, noise), num_samples, model.memory_size
        )
        bound = bounds.iw_bound(bounds.log_weights(*densities))
        expected_bound = tf.reduce_sum(probability * bound)
        expected_surrogate = tf.reduce_sum(
            tf.stop_gradient(probability) * estimator.surrogate(densities)
        )
    exact = tape.gradient(expected_bound, model.parameters)
    estimate = tape.gradient(expected_surrogate, model.parameters)
    return exact, estimate


def relative_error(estimate: tf.Tensor, exact: tf.Tensor) -> float:
    exact, estimate = tf.convert_to_tensor(exact), tf.convert_to_tensor(estimate)
    return float(tf.norm(estimate - exact) / tf.norm(exact))


@pytest.mark.parametrize("baseline", ["arithmetic", "geometric"])
@pytest.mark.parametrize("memory_size", [2, 3])
@pytest.mark.parametrize("num_samples", [2, 3, 4])
def test_expected_gradient_is_that_of_the_expected_bound(num_samples, memory_size, baseline):
    model = SmallModel(memory_size)
    exact, estimate = both_gradients(model, Vimco(baseline), num_samples)
    for group in model.parameters:
        assert tf.norm(exact[group]) > 1e-3, group
        assert relative_error(estimate[group], exact[group]) < 1e-9, group


def test_expected_gradient_is_the_slope_of_the_expected_bound():
    """The same without autodiff on the exact side: central differences, group by group."""
    model, noise, step = SmallModel(memory_size=3), noise_of(2, 3), 1e-5

    def expected_bound() -> float:
        densities, probability = enumerate_addresses(at_every_slot(model, noise), 2, 3)
        return float(tf.reduce_sum(probability * bounds.iw_bound(bounds.log_weights(*densities))))

    _, estimate = both_gradients(model, Vimco(), num_samples=2)
    random = np.random.default_rng(5)
    for group, parameter in model.parameters.items():
        direction = random.normal(size=parameter.shape)
        parameter.assign_add(step * direction)
        above = expected_bound()
        parameter.assign_sub(2 * step * direction)
        below = expected_bound()
        parameter.assign_add(step * direction)
        slope = np.sum(tf.convert_to_tensor(estimate[group]) * direction)
        assert (above - below) / (2 * step) == pytest.approx(slope, rel=1e-6), group


def test_probabilities_of_the_enumeration_add_up():
    model = SmallModel(memory_size=3)
    _, probability = enumerate_addresses(at_every_slot(model, noise_of(4, 3)), 4, 3)
    total = tf.reduce_sum(tf.reshape(probability, [3**4, TARGETS]), axis=0)
    np.testing.assert_allclose(total, [1.0, 1.0], rtol=1e-12)


@pytest.mark.parametrize("part", ["score", "weight"])
def test_enumeration_sees_a_missing_term(part):
    """The test above has teeth: without either part of the signal the keys go wrong."""

    class Lame(Vimco):
        def surrogate(self, densities, proposal=None, x=None):
            fixed = densities._replace(log_qa=tf.stop_gradient(densities.log_qa))
            bound = bounds.iw_bound(bounds.log_weights(*fixed))
            weights = tf.nn.softmax(bounds.log_weights(*fixed), axis=0)
            signal = -weights if part == "score" else bound
            return bound + tf.reduce_sum(tf.stop_gradient(signal) * densities.log_qa, axis=0)

    model = SmallModel(memory_size=3)
    exact, estimate = both_gradients(model, Lame(), num_samples=3)
    assert relative_error(estimate["decoder"], exact["decoder"]) < 1e-9
    for group in ("keys", "queries"):
        assert relative_error(estimate[group], exact[group]) > 1e-3, group


@pytest.mark.parametrize("baseline", ["arithmetic", "geometric"])
def test_one_slot_leaves_nothing_to_learn_about_the_address(baseline):
    model = SmallModel(memory_size=1)
    exact, estimate = both_gradients(model, Vimco(baseline), num_samples=3)
    for group in ("keys", "queries", "address_prior"):
        np.testing.assert_allclose(estimate[group], np.zeros_like(exact[group]), atol=1e-15)
    for group in ("memory", "latent_prior", "latent_posterior", "decoder"):
        assert relative_error(estimate[group], exact[group]) < 1e-9, group


def test_gradient_of_one_draw_is_equation_8():
    random = np.random.default_rng(2)
    densities = LogDensities(*(tf.constant(random.normal(size=(4, 3)) - 3.0) for _ in range(5)))
    with tf.GradientTape() as tape:
        tape.watch(densities)
        surrogate = tf.reduce_sum(Vimco().surrogate(densities))
    gradient = tape.gradient(surrogate, densities)

    log_weights = np.asarray(bounds.log_weights(*densities))
    unnormalised = np.exp(log_weights)
    weight = unnormalised / unnormalised.sum(axis=0)
    others = (unnormalised.sum(axis=0) - unnormalised) / 3
    signal = np.log(unnormalised.mean(axis=0)) - np.log(others) - weight
    for of_p in (gradient.log_pa, gradient.log_pz, gradient.log_px):
        np.testing.assert_allclose(of_p, weight, rtol=1e-12)
    np.testing.assert_allclose(gradient.log_qz, -weight, rtol=1e-12)
    np.testing.assert_allclose(gradient.log_qa, signal, rtol=1e-10)


@pytest.mark.parametrize("num_samples", [2, 3, 7])
@pytest.mark.parametrize(
    ("baseline", "independent"),
    [
        ("arithmetic", tfp.stats.log_loomean_exp),
        ("geometric", tfp.stats.log_soomean_exp),
    ],
)
def test_control_variates_are_those_of_tfp(baseline, independent, num_samples):
    random = np.random.default_rng(3)
    # Closer together than real ones: TFP subtracts from the total, which costs it digits.
    log_weights = tf.constant(random.normal(size=(num_samples, 6)))
    expected, _ = independent(log_weights, axis=0)
    found = Vimco(baseline).control_variate(log_weights)
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-11)


EXTREMES = {
    "all_low": [-1000.0, -1001.0, -999.0, -1000.5],
    "all_high": [1000.0, 1001.0, 999.0, 1000.5],
    "both_ends": [-1000.0, 1000.0, -1000.0, 1000.0],
    "one_dominates": [0.0, 1000.0, -1.0, 2.0],
    "one_is_lost": [0.0, -1000.0, 1.0, 2.0],
    "equal": [-80.0, -80.0, -80.0, -80.0],
    "equal_and_high": [1000.0, 1000.0, 1000.0, 1000.0],
}


def naive_leave_one_out(log_weights: np.ndarray) -> np.ndarray:
    """The definition, with the exponents of an 80-bit float: e^±1000 are in range."""
    weights = np.exp(log_weights.astype(np.longdouble))
    rows = [np.delete(weights, k, axis=0).sum(axis=0) for k in range(len(weights))]
    return np.log(np.stack(rows)).astype(np.float64)


needs_long_double = pytest.mark.skipif(
    np.finfo(np.longdouble).maxexp < 16384, reason="this machine's long double is too short"
)


@needs_long_double
@pytest.mark.parametrize("name", EXTREMES)
@pytest.mark.parametrize(("dtype", "rtol"), [(np.float32, 3e-7), (np.float64, 1e-15)])
def test_leave_one_out_is_exact_at_extremes(name, dtype, rtol):
    log_weights = np.array(EXTREMES[name])[:, np.newaxis]
    found = leave_one_out_logsumexp(tf.constant(log_weights.astype(dtype)))
    np.testing.assert_allclose(found, naive_leave_one_out(log_weights), rtol=rtol)


@needs_long_double
def test_leave_one_out_on_random_weights():
    log_weights = np.random.default_rng(4).normal(scale=30.0, size=(9, 50))
    found = leave_one_out_logsumexp(tf.constant(log_weights))
    np.testing.assert_allclose(found, naive_leave_one_out(log_weights), rtol=1e-13)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("baseline", ["arithmetic", "geometric"])
def test_extreme_weights_give_finite_gradients(baseline, jit_compile):
    log_px = tf.transpose(tf.constant(list(EXTREMES.values())))
    zeros = tf.zeros_like(log_px)

    @tf.function(jit_compile=jit_compile)
    def value_and_gradient(densities):
        with tf.GradientTape() as tape:
            tape.watch(densities)
            surrogate = Vimco(baseline).surrogate(densities)
        return surrogate, tape.gradient(surrogate, densities)

    surrogate, gradient = value_and_gradient(LogDensities(zeros, zeros, log_px, zeros, zeros))
    assert np.isfinite(surrogate).all()
    assert all(np.isfinite(part).all() for part in gradient)
    # The weights add up to one, whichever sample holds them.
    np.testing.assert_allclose(tf.reduce_sum(gradient.log_px, axis=0), np.ones(7), rtol=1e-5)


def gradient_at(log_px: np.ndarray, baseline: str) -> LogDensities:
    """Gradient of the surrogate in all densities where the others are 0."""
    zeros = [tf.zeros(log_px.shape, tf.float64) for _ in range(4)]
    densities = LogDensities(zeros[0], zeros[1], tf.constant(log_px), zeros[2], zeros[3])
    with tf.GradientTape() as tape:
        tape.watch(densities)
        surrogate = Vimco(baseline).surrogate(densities)
    return tape.gradient(surrogate, densities)


def test_signal_of_one_dominating_sample():
    """The good one is worth what it adds to the bound, the other what it takes from it."""
    gradient = gradient_at(np.array([[1000.0], [0.0]]), "arithmetic")
    bound = 1000.0 - math.log(2)
    np.testing.assert_allclose(
        gradient.log_qa[:, 0], [bound - 0.0 - 1.0, bound - 1000.0], rtol=1e-12
    )


@pytest.mark.parametrize("baseline", ["arithmetic", "geometric"])
def test_equal_samples_have_no_advantage(baseline):
    gradient = gradient_at(np.full([4, 2], -80.0), baseline)
    np.testing.assert_allclose(gradient.log_px, np.full([4, 2], 0.25), rtol=1e-12)
    np.testing.assert_allclose(gradient.log_qa, np.full([4, 2], -0.25), rtol=1e-12)


@pytest.mark.parametrize("num_samples", [1, 0])
def test_too_few_samples_are_refused(num_samples):
    with pytest.raises(InvalidArgumentError, match=rf"num_samples={num_samples}.*at least 2"):
        Vimco().check(num_samples)


def test_enough_samples_are_taken():
    Vimco().check(2)


def test_unknown_baseline_is_refused():
    with pytest.raises(InvalidArgumentError, match="baseline='median'.*'arithmetic', 'geometric'"):
        Vimco("median")


def test_get():
    assert estimators.get("vimco").baseline == "arithmetic"
    assert estimators.get("vimco_geometric").baseline == "geometric"
    mine = Vimco("geometric")
    assert estimators.get(mine) is mine
    with pytest.raises(InvalidArgumentError, match=r"estimator='sgd'.*'vimco'"):
        estimators.get("sgd")


def test_config_round_trip():
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(Vimco("geometric"))))
    again = keras.saving.deserialize_keras_object(config)
    assert isinstance(again, Vimco)
    assert again.baseline == "geometric"
