from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from tfvma.layers.gaussian_head import GaussianHead


def test_an_untrained_head_without_signal_gives_a_standard_normal():
    loc, scale = GaussianHead(3, hidden_units=4)(tf.zeros([2, 5]))
    np.testing.assert_array_equal(loc, np.zeros((2, 3)))
    np.testing.assert_allclose(scale, np.ones((2, 3)), atol=2e-3)


def test_scales_are_positive_whatever_the_features():
    features = tf.constant(np.random.default_rng(0).normal(scale=1e4, size=(64, 5)), tf.float32)
    _, scale = GaussianHead(8, hidden_units=16)(features)
    assert np.min(scale) >= 1e-3
    assert np.isfinite(scale).all()


def test_feature_maps_are_flattened():
    features = tf.random.normal([2, 3, 3, 4])
    head = GaussianHead(3, hidden_units=4)
    for found, expected in zip(head(features), head(tf.reshape(features, [2, 36])), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_loc_and_scale_have_parameters_of_their_own():
    head = GaussianHead(3, hidden_units=4)
    features = tf.random.normal([6, 5])
    loc, scale = head(features)
    hidden = keras.ops.relu(features @ head.hidden.kernel.value + head.hidden.bias.value)
    raw = (hidden @ head.parameters.kernel.value).numpy()
    np.testing.assert_allclose(loc, raw[:, :3], rtol=1e-5, atol=1e-6)
    expected = np.log1p(np.exp(raw[:, 3:]) * (np.e - 1.0)) + 1e-3
    np.testing.assert_allclose(scale, expected, rtol=1e-5)


def test_parameters_are_float32_in_mixed_precision():
    loc, scale = GaussianHead(3, 4, dtype="mixed_bfloat16")(tf.random.normal([2, 5]))
    assert loc.dtype == scale.dtype == tf.float32
