"""The clustered standard error against the formula of the cluster-robust variance."""

from __future__ import annotations

import numpy as np
import pytest

from tfvma.errors import InvalidArgumentError
from tfvma.evaluation.standard_error import clustered_mean


def test_equals_the_cluster_robust_variance():
    values = np.random.default_rng(0).normal(size=(7, 5)) + np.arange(7)[:, np.newaxis]
    residuals = values - values.mean()
    clusters, total = len(values), values.size
    variance = clusters / (clusters - 1) * np.sum(residuals.sum(axis=1) ** 2) / total**2
    estimate = clustered_mean(values)
    assert estimate.mean == pytest.approx(values.mean(), rel=1e-14)
    assert estimate.stderr == pytest.approx(np.sqrt(variance), rel=1e-13)


def test_two_episodes_give_half_their_distance():
    assert clustered_mean(np.array([[1.0, 3.0], [4.0, 6.0]])) == pytest.approx(
        (3.5, 1.5), rel=1e-15
    )


def test_one_target_per_episode_is_the_usual_standard_error():
    values = np.array([1.0, 2.0, 4.0, 9.0])
    usual = values.std(ddof=1) / 2.0
    assert clustered_mean(values[:, np.newaxis]).stderr == pytest.approx(usual, rel=1e-14)


def test_copies_of_a_target_add_no_certainty():
    values = np.array([[1.0], [2.0], [4.0]])
    assert clustered_mean(np.repeat(values, 8, axis=1)) == clustered_mean(values)


def test_large_float32_values_lose_nothing():
    values = np.float32(2.0**24) + np.array([[0.0, 2.0], [2.0, 4.0]], np.float32)
    assert clustered_mean(values) == pytest.approx((2.0**24 + 2.0, 1.0), rel=1e-15)


@pytest.mark.parametrize("shape", [(1, 4), (4,), (3, 0), (0, 3)])
def test_too_little_for_a_standard_error_is_refused(shape):
    with pytest.raises(InvalidArgumentError, match="values of shape"):
        clustered_mean(np.zeros(shape))
