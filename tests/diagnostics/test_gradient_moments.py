from __future__ import annotations

import functools
import math

import numpy as np
import pytest

from tfvma.diagnostics.gradient_moments import (
    mean_variance,
    no_gradients,
    signal_to_noise,
    with_gradient,
)


def moments_of(gradients: np.ndarray):
    return functools.reduce(with_gradient, gradients, no_gradients(gradients.shape[1]))


def test_moments_are_those_of_numpy():
    random = np.random.default_rng(0)
    gradients = 1e6 + random.normal(size=[7, 5]) * [1.0, 2.0, 3.0, 1e-3, 10.0]
    moments = moments_of(gradients)
    np.testing.assert_allclose(moments.mean, gradients.mean(axis=0), rtol=1e-14)
    variance = gradients.var(axis=0, ddof=1)
    assert mean_variance(moments) == pytest.approx(variance.mean(), rel=1e-7)
    ratio = np.linalg.norm(gradients.mean(axis=0)) / np.sqrt(variance.sum())
    assert signal_to_noise(moments) == pytest.approx(ratio, rel=1e-6)


def test_opposite_gradients_have_no_signal():
    moments = moments_of(np.array([[1.0, -2.0], [-1.0, 2.0]]))
    assert signal_to_noise(moments) == 0.0
    assert mean_variance(moments) == (2.0 + 8.0) / 2


def test_parameters_count_by_the_length_of_their_gradients():
    # The first has mean 3 and variance 2, the second a mean of 1e-9 that hardly varies.
    moments = moments_of(np.array([[2.0, 1e-9], [4.0, 1e-9 + 1e-18]]))
    assert signal_to_noise(moments) == pytest.approx(3.0 / math.sqrt(2.0))


def test_gradients_without_noise():
    assert signal_to_noise(moments_of(np.ones([3, 2]))) == math.inf
    assert signal_to_noise(moments_of(np.zeros([3, 2]))) == 0.0
