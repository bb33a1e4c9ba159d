"""Means whose standard errors know that some targets belong together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tfvma.errors import InvalidArgumentError


class Estimate(NamedTuple):
    """A mean and its standard error, in the unit of what was averaged."""

    mean: float
    stderr: float


def clustered_mean(values: np.ndarray) -> Estimate:
    """The mean over all targets, with its standard error by clusters.

    Targets of one episode share a memory and its characters, and drawings of one character
    are alike, so that they are not independent. Episodes are, drawn from the characters that
    there are; characters are as a draw of more of their kind. With as many
    targets in each, the cluster-robust variance of the mean,
    1/(BG)^2 G/(G-1) sum_g (sum_i (v_gi - v))^2, is that of the G means of the clusters.

    Args:
      values: [G, B], G >= 2 clusters of B targets.

    Raises InvalidArgumentError for other shapes.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 2 or len(values) < 2 or values.shape[1] == 0:
        raise InvalidArgumentError(
            f"values of shape {list(values.shape)}: expected [clusters, targets] with at least "
            "two clusters, without which there is no standard error."
        )
    means = values.mean(axis=1)
    stderr = means.std(ddof=1) / np.sqrt(len(means))
    return Estimate(float(means.mean()), float(stderr))


def grouped_mean(values: np.ndarray, groups: np.ndarray) -> Estimate:
    """The mean over all targets, with its standard error by groups of different sizes.

    The cluster-robust variance 1/N^2 G/(G-1) sum_g (sum_{i in g} (v_i - v))^2; with as many
    targets in each group that of `clustered_mean`.

    Args:
      values: [N].
      groups: int [N], the same number for targets of one group, G >= 2 of them.

    Raises InvalidArgumentError for other shapes, or a single group.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 1 or np.shape(groups) != values.shape:
        raise InvalidArgumentError(
            f"values of shape {list(values.shape)} in groups of shape {list(np.shape(groups))}: "
            "expected a group for each value."
        )
    _, places = np.unique(groups, return_inverse=True)
    residuals = np.bincount(places, weights=values - values.mean())
    count = len(residuals)
    if count < 2:
        raise InvalidArgumentError(
            f"groups: expected at least two, without which there is no standard error, got {count}."
        )
    variance = count / (count - 1) * np.sum(residuals**2) / len(values) ** 2
    return Estimate(float(values.mean()), float(np.sqrt(variance)))
