"""The clustered standard error against the formula of the cluster-robust variance."""

from __future__ import annotations

import numpy as np
import pytest

from tfvma.errors import InvalidArgumentError
from tfvma.evaluation.standard_error import clustered_mean, grouped_mean


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


def test_groups_of_one_size_are_clusters():
    values = np.random.default_rng(1).normal(size=(6, 4)) + np.arange(6)[:, np.newaxis]
    groups = np.repeat([5, 3, 9, 0, 7, 1], 4)
    order = np.random.default_rng(2).permutation(24)
    estimate = grouped_mean(values.ravel()[order], groups[order])
    assert estimate == pytest.approx(clustered_mean(values), rel=1e-13)


def test_groups_of_different_sizes():
    """Residuals 2, 1 | -3 about the mean of 0: sums 3 and -3."""
    estimate = grouped_mean(np.array([2.0, 1.0, -3.0]), np.array([4, 4, 2]))
    assert estimate == pytest.approx((0.0, np.sqrt(2 * (9 + 9)) / 3), rel=1e-14)


@pytest.mark.parametrize(
    ("values", "groups", "message"),
    [
        (np.zeros(3), np.zeros(2, int), "expected a group for each value"),
        (np.zeros([3, 1]), np.zeros([3, 1], int), "expected a group for each value"),
        (np.zeros(3), np.zeros(3, int), "expected at least two.*got 1"),
    ],
)
def test_groups_that_cannot_work_are_refused(values, groups, message):
    with pytest.raises(InvalidArgumentError, match=message):
        grouped_mean(values, groups)
