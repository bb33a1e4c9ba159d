from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfvma.distributions import (
    address_distribution,
    latent_distribution,
    likelihood,
    log_likelihood,
)
from tfvma.errors import InvalidArgumentError

tfd = tfp.distributions
RANDOM = np.random.default_rng(0)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    return logits - np.log(np.sum(np.exp(logits), axis=-1, keepdims=True))


def test_kinds():
    assert isinstance(address_distribution(tf.zeros([2])), tfd.OneHotCategorical)
    latent = latent_distribution(tf.zeros([2]), tf.ones([2]))
    assert isinstance(latent.distribution, tfd.Normal)
    assert isinstance(likelihood(tf.zeros([2, 2, 1])).distribution, tfd.Bernoulli)


def test_address_log_prob_is_the_entry_of_the_table():
    log_probs = log_softmax(RANDOM.normal(size=(4, 5)))
    address = RANDOM.integers(0, 5, size=(3, 4))
    found = address_distribution(tf.constant(log_probs)).log_prob(
        tf.one_hot(address, 5, dtype=tf.float64)
    )
    expected = np.take_along_axis(log_probs, address.T, axis=1).T
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_kl_of_addresses_is_the_sum_over_slots():
    log_q, log_p = log_softmax(RANDOM.normal(size=(4, 5))), log_softmax(RANDOM.normal(size=5))
    found = tfd.kl_divergence(
        address_distribution(tf.constant(log_q)), address_distribution(tf.constant(log_p))
    )
    np.testing.assert_allclose(found, np.sum(np.exp(log_q) * (log_q - log_p), axis=1), rtol=1e-11)


def test_kl_of_a_certain_address_against_a_flat_prior():
    """q(a|x) = 1 at one of M slots costs log M nats: the recall experiment's 5.55 for 256."""
    certain = tf.nn.log_softmax(tf.one_hot([7], 256) * 1000.0)
    flat = tf.fill([256], -math.log(256.0))
    kl = tfd.kl_divergence(address_distribution(certain), address_distribution(flat))
    np.testing.assert_allclose(kl, [math.log(256.0)], rtol=1e-6)


def test_latent_log_prob_is_the_sum_over_dimensions():
    loc, z = RANDOM.normal(size=(2, 3, 4))
    scale = np.exp(RANDOM.normal(size=(3, 4)))
    expected = np.sum(
        -0.5 * ((z - loc) / scale) ** 2 - np.log(scale) - 0.5 * np.log(2 * np.pi), axis=-1
    )
    found = latent_distribution(tf.constant(loc), tf.constant(scale)).log_prob(z)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_kl_of_latents_is_analytic():
    q_loc, p_loc = RANDOM.normal(size=(2, 3, 4))
    q_scale, p_scale = np.exp(RANDOM.normal(size=(2, 3, 4)))
    expected = np.sum(
        np.log(p_scale / q_scale) + (q_scale**2 + (q_loc - p_loc) ** 2) / (2 * p_scale**2) - 0.5,
        axis=-1,
    )
    found = tfd.kl_divergence(
        latent_distribution(tf.constant(q_loc), tf.constant(q_scale)),
        latent_distribution(tf.constant(p_loc), tf.constant(p_scale)),
    )
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_likelihood_is_x_logit_minus_softplus():
    """log p(x|z, m) = sum over pixels of x logit - softplus(logit)."""
    x = RANDOM.integers(0, 2, size=(3, 4, 5, 1)).astype(np.float64)
    logits = RANDOM.normal(scale=4.0, size=(2, 3, 4, 5, 1))
    expected = np.sum(x * logits - np.log1p(np.exp(logits)), axis=(2, 3, 4))
    found = likelihood(tf.constant(logits)).log_prob(x)
    assert found.shape == (2, 3)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_log_likelihood_of_samples_of_each_target():
    x = RANDOM.integers(0, 2, size=(3, 4, 5, 1)).astype(np.float32)
    logits = tf.constant(RANDOM.normal(size=(2, 3, 4, 5, 1)), tf.float32)
    expected = likelihood(logits).log_prob(x)
    np.testing.assert_array_equal(log_likelihood(logits, tf.constant(x)), expected)
    np.testing.assert_array_equal(log_likelihood(logits, x), expected)


@pytest.mark.parametrize("shape", [(2, 3, 1, 5, 1), (2, 3, 4, 5, 3), (2, 3, 1, 1, 1)])
def test_logits_of_another_shape_are_not_broadcast(shape):
    with pytest.raises(
        InvalidArgumentError, match=rf"its logits have the shape \({shape[0]}, .*\(None, 4, 5, 1\)"
    ):
        log_likelihood(tf.zeros(shape), tf.zeros([3, 4, 5, 1]))


@pytest.mark.parametrize("logit", [-1000.0, 1000.0])
@pytest.mark.parametrize("pixel", [0.0, 1.0])
def test_sure_pixels(logit, pixel):
    logits = tf.fill([1, 1, 1], logit)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        log_prob = likelihood(logits).log_prob(tf.fill([1, 1, 1], pixel))
    right = (logit > 0) == (pixel == 1)
    assert log_prob == (0.0 if right else -1000.0)
    expected = 0.0 if right else (1.0 if pixel else -1.0)
    assert tf.squeeze(tape.gradient(log_prob, logits)) == expected
