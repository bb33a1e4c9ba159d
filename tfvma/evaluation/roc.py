"""How well a number tells two groups of targets apart: the area under the ROC curve."""

from __future__ import annotations

import numpy as np

from tfvma.errors import InvalidArgumentError
from tfvma.evaluation.standard_error import Estimate, clustered_mean


def roc_area(higher: np.ndarray, lower: np.ndarray) -> Estimate:
    """A = P(h > l) + 1/2 P(h = l) over all pairs of `higher` and `lower`, exactly, by ranks.

    The standard error is clustered (Obuchowski 1997, with the components of DeLong 1988): with
    V_h the share of `lower` that h exceeds and V_l the share of `higher` that exceeds l,

        var A = 1/G var_g (mean V_h in cluster g + mean V_l in cluster g)

    where clusters are of one size. Members of a cluster can depend on each other in any way, and
    the two groups can be of the same targets.

    Args:
      higher, lower: [G, B] each, G >= 2 clusters in the same order.

    Raises InvalidArgumentError for other shapes.
    """
    higher, lower = np.asarray(higher, np.float64), np.asarray(lower, np.float64)
    if higher.shape != lower.shape:
        raise InvalidArgumentError(
            f"lower of shape {list(lower.shape)}: expected {list(higher.shape)}, that of higher."
        )
    exceeds = _share_below(higher, lower)
    exceeded = 1.0 - _share_below(lower, higher)
    return clustered_mean(exceeds + exceeded - exceeds.mean())


def _share_below(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The share of `others` below each value; those that are equal count half."""
    ordered = np.sort(others, axis=None)
    below = np.searchsorted(ordered, values, side="left")
    not_above = np.searchsorted(ordered, values, side="right")
    return (below + not_above) / (2.0 * ordered.size)
