"""Means whose standard errors know that targets of one episode share a memory."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tfvma.errors import InvalidArgumentError


class Estimate(NamedTuple):
    """A mean and its standard error, in the unit of what was averaged."""

    mean: float
    stderr: float


def clustered_mean(values: np.ndarray) -> Estimate:
    """The mean over all targets, with its standard error clustered by episode.

    Targets of one episode share a memory and its characters, so that they are not
    independent; episodes are. With as many targets in each, the cluster-robust variance of
    the mean, 1/(BG)^2 G/(G-1) sum_g (sum_i (v_gi - v))^2, is that of the G episode means.

    Args:
      values: [G, B], G >= 2 episodes of B targets.

    Raises InvalidArgumentError for other shapes.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 2 or len(values) < 2 or values.shape[1] == 0:
        raise InvalidArgumentError(
            f"values of shape {list(values.shape)}: expected [episodes, targets] with at least "
            "two episodes, without which there is no standard error."
        )
    episode_means = values.mean(axis=1)
    stderr = episode_means.std(ddof=1) / np.sqrt(len(episode_means))
    return Estimate(float(episode_means.mean()), float(stderr))
