from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from tfvma.diagnostics.address_posterior import address_measures, entropy, posterior_error


def log_softmax(scores: np.ndarray) -> np.ndarray:
    return scores - np.log(np.sum(np.exp(scores), axis=-1, keepdims=True))


def test_error_and_entropy_are_those_of_numpy():
    random = np.random.default_rng(0)
    log_q = log_softmax(random.normal(size=[3, 5]))
    log_joint = random.normal(size=[5, 3]) - 100.0
    log_p = log_softmax(log_joint.T)
    expected = np.sum(np.exp(log_q) * (log_q - log_p), axis=1)
    error = posterior_error(tf.constant(log_q), tf.constant(log_joint))
    np.testing.assert_allclose(error, expected)
    expected = -np.sum(np.exp(log_q) * log_q, axis=1)
    np.testing.assert_allclose(entropy(tf.constant(log_q)), expected)


def test_the_exact_posterior_has_no_error():
    log_joint = np.random.default_rng(0).normal(size=[4, 2]) * 50.0
    log_q = log_softmax(log_joint.T)
    error = posterior_error(tf.constant(log_q), tf.constant(log_joint))
    np.testing.assert_allclose(error, 0.0, atol=1e-12)


def test_a_posterior_that_is_sure():
    sure = tf.constant([[0.0, -math.inf, -math.inf]], tf.float64)
    assert float(entropy(sure)[0]) == 0.0
    flat = tf.zeros([3, 1], tf.float64)
    assert float(posterior_error(sure, flat)[0]) == pytest.approx(math.log(3))
    assert float(entropy(tf.math.log_softmax(flat[:, 0]))) == pytest.approx(math.log(3))


def test_each_measure_is_of_its_own_distribution():
    random = np.random.default_rng(1)
    log_q, log_p = log_softmax(random.normal(size=[3, 5])), log_softmax(random.normal(size=[5]))
    log_joint = tf.constant(random.normal(size=[5, 3]))
    measured = address_measures(tf.constant(log_q), tf.constant(log_p), log_joint)
    assert measured == pytest.approx(
        {
            "posterior_error": np.mean(posterior_error(tf.constant(log_q), log_joint)),
            "entropy_posterior": -np.sum(np.exp(log_q) * log_q) / 3,
            "entropy_prior": -np.sum(np.exp(log_p) * log_p),
        }
    )
