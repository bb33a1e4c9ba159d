"""Muon against its formula in NumPy."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfvma.training.fused_adam import FusedAdam
from tfvma.training.muon import Muon, orthogonalize

RANDOM = np.random.default_rng(0)
RATE = 0.01


def newton_schulz(matrix: np.ndarray) -> np.ndarray:
    """The same polynomial of the singular values, by way of them."""
    u, s, vt = np.linalg.svd(matrix / np.linalg.norm(matrix), full_matrices=False)
    for _ in range(5):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    return (u * s) @ vt


@pytest.mark.parametrize("shape", [(6, 9), (9, 6), (8, 8)])
def test_orthogonalize_is_a_polynomial_of_singular_values(shape):
    matrix = RANDOM.normal(size=shape)
    found = orthogonalize(tf.constant(matrix))
    np.testing.assert_allclose(found, newton_schulz(matrix), atol=1e-6)


def test_singular_values_become_about_one():
    matrix = RANDOM.normal(size=(20, 12)) * np.geomspace(1, 30, 12)
    values = np.linalg.svd(orthogonalize(tf.constant(matrix)), compute_uv=False)
    assert values.min() > 0.6
    assert values.max() < 1.3


def test_single_precision_does_for_singular_values_far_apart():
    matrix = RANDOM.normal(size=(64, 200)) @ np.diag(np.geomspace(1e-3, 1, 200))
    found = orthogonalize(tf.constant(matrix, tf.float32))
    np.testing.assert_allclose(found, newton_schulz(matrix), atol=2e-3)


def test_two_steps_of_a_convolution():
    start = RANDOM.normal(size=(3, 3, 4, 9)).astype(np.float32)
    gradients = RANDOM.normal(size=(2, 3, 3, 4, 9)).astype(np.float32)
    weight, momentum = start.reshape(36, 9).astype(np.float64), np.zeros((36, 9))
    variable = keras.Variable(start)
    optimizer = Muon(learning_rate=RATE)
    for gradient in gradients:
        optimizer.apply([tf.constant(gradient)], [variable])
        momentum = 0.95 * momentum + gradient.reshape(36, 9)
        ahead = gradient.reshape(36, 9) + 0.95 * momentum
        weight -= RATE * 0.2 * np.sqrt(36) * newton_schulz(ahead)
    np.testing.assert_allclose(np.reshape(variable, (36, 9)), weight, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(9,), (9, 7), (3, 3, 1, 48)[::-1]])
def test_what_has_a_small_side_is_left_to_adam(shape):
    results = []
    for optimizer in (Muon(learning_rate=RATE), FusedAdam(learning_rate=RATE)):
        variable = keras.Variable(np.ones(shape, np.float32))
        optimizer.apply([tf.fill(shape, 0.3)], [variable])
        results.append(np.array(variable))
    np.testing.assert_array_equal(*results)


def test_average_is_kept_as_adam_keeps_it():
    variable = keras.Variable(np.eye(8, dtype=np.float32))
    optimizer = Muon(learning_rate=RATE, use_ema=True, ema_momentum=0.5)
    values = []
    for _ in range(2):
        optimizer.apply([tf.random.stateless_normal([8, 8], [1, 2])], [variable])
        values.append(np.array(variable))
    optimizer.finalize_variable_values([variable])
    np.testing.assert_allclose(variable, 0.1 * values[0] + 0.9 * values[1], rtol=1e-5)


def test_configuration_round_trips():
    optimizer = Muon(learning_rate=RATE, use_ema=True, ema_momentum=0.9)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
    assert isinstance(again, Muon)
    assert again.get_config() == optimizer.get_config()
