"""Mean and variance of repeated gradients, and their signal-to-noise ratio. Pure functions."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np


class GradientMoments(NamedTuple):
    """What R gradients of P parameters had in common, in float64.

    count: R.
    mean: [P].
    squares: the sum of the squared distances from the mean, [P].
    """

    count: int
    mean: np.ndarray
    squares: np.ndarray


def no_gradients(size: int) -> GradientMoments:
    """Of R = 0 gradients of `size` parameters."""
    return GradientMoments(0, np.zeros(size), np.zeros(size))


def with_gradient(moments: GradientMoments, gradient: np.ndarray) -> GradientMoments:
    """Of one gradient [P] more, by the recurrence of Welford 1962, which does not cancel."""
    count = moments.count + 1
    distance = gradient - moments.mean
    mean = moments.mean + distance / count
    return GradientMoments(count, mean, moments.squares + distance * (gradient - mean))


def mean_variance(moments: GradientMoments) -> float:
    """The mean over parameters of the unbiased variance, in squared nats.

    1/P sum_i 1/(R-1) sum_r (g_ri - mean_i)^2
    """
    return float(np.mean(_variance(moments)))


def signal_to_noise(moments: GradientMoments) -> float:
    """The length of the mean gradient over that of its noise, |mean| / sqrt(sum of variances).

    Of the group as a whole: a mean over parameters, as in Rainforth et al. 2018, is that of the
    few whose gradients hardly vary, and hardly matter. Noise alone gives sqrt(1 / R), not 0; a
    gradient without noise infinity, or 0 where there is none.
    """
    signal, noise = np.sum(moments.mean**2), np.sum(_variance(moments))
    if noise == 0.0:
        return math.inf if signal > 0.0 else 0.0
    return math.sqrt(signal / noise)


def _variance(moments: GradientMoments) -> np.ndarray:
    return moments.squares / (moments.count - 1)
