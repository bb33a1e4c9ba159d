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
    are alike, so that they are not independent; episodes, or characters, are. With as many
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
