"""The baselines of NVIL: what they learn, and that a checkpoint would keep it."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfvma.errors import InvalidArgumentError
from tfvma.estimators import LogDensities, Nvil

X = tf.constant([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def densities(log_px: np.ndarray) -> LogDensities:
    log_pa, log_pz, log_qa, log_qz = (tf.zeros(log_px.shape) for _ in range(4))
    return LogDensities(log_pa, log_pz, tf.constant(log_px, tf.float32), log_qa, log_qz)


def built(**settings) -> Nvil:
    nvil = Nvil(**settings)
    nvil.build((2,))
    return nvil


def signal(nvil: Nvil, log_px: np.ndarray) -> np.ndarray:
    """What multiplies grad log q(a_k | x), [K, B]."""
    given = densities(log_px)
    with tf.GradientTape() as tape:
        tape.watch(given.log_qa)
        surrogate = tf.reduce_sum(nvil.surrogate(given, None, X))
    return tape.gradient(surrogate, given.log_qa).numpy() * len(log_px)


def test_running_means_are_those_of_numpy():
    nvil = built(momentum=0.8, learning_rate=1e-30)
    random = np.random.default_rng(0)
    steps = [random.normal(-80.0, 5.0, size=(2, 3)) for _ in range(4)]
    for values in steps:
        signal(nvil, values)
    weights = 0.2 * 0.8 ** np.arange(4)[::-1]
    mean = sum(w * values.mean() for w, values in zip(weights, steps, strict=True))
    mean /= weights.sum()
    square = sum(w * (values**2).mean() for w, values in zip(weights, steps, strict=True))
    deviation = np.sqrt(square / weights.sum() - mean**2)

    found = signal(nvil, steps[0])
    np.testing.assert_allclose(found, (steps[0] - mean) / deviation, rtol=2e-3)


def test_the_first_step_has_no_baseline():
    values = np.array([[-3.0, -2.0, -1.0]])
    np.testing.assert_allclose(signal(built(), values), values, rtol=1e-6)


def test_a_small_deviation_is_not_magnified():
    nvil = built(learning_rate=1e-30)
    values = np.array([[-80.0, -80.1, -79.9]])
    for _ in range(3):
        signal(nvil, values)
    np.testing.assert_allclose(signal(nvil, values), values + 80.0, atol=1e-3)


def test_the_learned_baseline_tells_targets_apart():
    nvil = built(learning_rate=0.05)
    values = np.array([[-70.0, -80.0, -90.0], [-71.0, -79.0, -90.0]])
    first = np.abs(signal(nvil, values)).max()
    for _ in range(300):
        last = np.abs(signal(nvil, values)).max()
    assert first == pytest.approx(90.0)
    # Within a nat of each target's own mean; no baseline of all alone could do better than 10.
    assert last < 1.0


def test_its_state_is_all_there():
    """Two with the same variables go on alike."""
    one, other = built(), built()
    values = np.array([[-70.0, -80.0, -90.0], [-71.0, -79.0, -90.0]])
    for _ in range(3):
        signal(one, values)
    for here, there in zip(other.variables, one.variables, strict=True):
        here.assign(there)
    for _ in range(2):
        np.testing.assert_array_equal(signal(one, values), signal(other, values))


def test_nothing_is_made_before_it_is_built():
    assert Nvil().variables == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden_units": 0}, "hidden_units=0: expected at least 1"),
        ({"learning_rate": 0.0}, "learning_rate=0.0: expected more than 0"),
        ({"learning_rate": None}, "learning_rate=None: expected more than 0"),
        ({"momentum": "0.9"}, "momentum='0.9': expected 0 or more, less than 1"),
        ({"momentum": 1.0}, "momentum=1.0: expected 0 or more, less than 1"),
        ({"addresses": "all"}, "addresses='all'.*'independent', 'stratified'"),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(InvalidArgumentError, match=message):
        Nvil(**settings)
