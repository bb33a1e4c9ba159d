from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfvma import bounds

RANDOM = np.random.default_rng(0)
LOG_WEIGHTS = RANDOM.normal(scale=3.0, size=(5, 4))


def test_log_weights_are_log_p_minus_log_q():
    log_pa, log_pz, log_px, log_qa, log_qz = RANDOM.normal(size=(5, 3, 2))
    np.testing.assert_allclose(
        bounds.log_weights(log_pa, log_pz, log_px, log_qa, log_qz),
        log_pa + log_pz + log_px - log_qa - log_qz,
        rtol=1e-12,
    )


def test_iw_bound_is_the_log_of_the_mean_weight():
    expected = np.log(np.mean(np.exp(LOG_WEIGHTS), axis=0))
    np.testing.assert_allclose(bounds.iw_bound(tf.constant(LOG_WEIGHTS)), expected, rtol=1e-12)


def test_gradient_of_the_bound_is_the_normalised_weights():
    log_weights = tf.constant(LOG_WEIGHTS)
    with tf.GradientTape() as tape:
        tape.watch(log_weights)
        bound = bounds.iw_bound(log_weights)
    weights = np.exp(LOG_WEIGHTS) / np.sum(np.exp(LOG_WEIGHTS), axis=0)
    np.testing.assert_allclose(tape.gradient(bound, log_weights), weights, rtol=1e-12)


def test_one_sample_is_its_own_bound():
    one = tf.constant(LOG_WEIGHTS[:1])
    np.testing.assert_allclose(bounds.iw_bound(one), LOG_WEIGHTS[0], rtol=1e-15)
    np.testing.assert_array_equal(bounds.elbo(one), LOG_WEIGHTS[0])
    np.testing.assert_allclose(bounds.ess(one), 1.0)


def test_elbo_is_the_mean_and_lies_below_the_bound():
    log_weights = tf.constant(LOG_WEIGHTS)
    np.testing.assert_allclose(bounds.elbo(log_weights), LOG_WEIGHTS.mean(axis=0), rtol=1e-12)
    assert np.all(bounds.elbo(log_weights) < bounds.iw_bound(log_weights))


def test_ess_is_one_over_the_squared_weights():
    weights = np.exp(LOG_WEIGHTS) / np.sum(np.exp(LOG_WEIGHTS), axis=0)
    expected = 1.0 / np.sum(weights**2, axis=0)
    np.testing.assert_allclose(bounds.ess(tf.constant(LOG_WEIGHTS)), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("log_weights", "bound", "ess"),
    [
        ([-1000.0, -1000.0, -1000.0, -1000.0], -1000.0, 4.0),
        ([1000.0, 1000.0, 1000.0, 1000.0], 1000.0, 4.0),
        ([1000.0, -1000.0, 0.0, 0.0], 1000.0 - np.log(4.0), 1.0),
        ([-1000.0, 0.0, -1000.0, 0.0], -np.log(2.0), 2.0),
    ],
)
def test_extremes(log_weights, bound, ess):
    log_weights = tf.constant(log_weights)[:, tf.newaxis]
    np.testing.assert_allclose(bounds.iw_bound(log_weights), [bound], rtol=1e-6)
    np.testing.assert_allclose(bounds.ess(log_weights), [ess], rtol=1e-6)


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
def test_the_number_of_samples_may_be_unknown_when_traced(dtype):
    @tf.function(input_signature=[tf.TensorSpec([None, None], dtype)])
    def bound(log_weights):
        return bounds.iw_bound(log_weights)

    log_weights = tf.constant(LOG_WEIGHTS, dtype)
    np.testing.assert_allclose(bound(log_weights), bounds.iw_bound(log_weights), rtol=1e-6)
