"""The area by ranks against all pairs, one by one."""

from __future__ import annotations

import numpy as np
import pytest

from tfvma.errors import InvalidArgumentError
from tfvma.evaluation.roc import roc_area


def pairs(higher, lower) -> np.ndarray:
    """1 where h > l, 1/2 where equal: [all of higher, all of lower]."""
    above, below = np.ravel(higher)[:, np.newaxis], np.ravel(lower)
    return (above > below) + 0.5 * (above == below)


def test_area_worked_out_by_hand():
    area = roc_area([[1.0], [2.0], [3.0]], [[0.0], [2.0], [4.0]])
    # 1 exceeds 0; 2 exceeds 0 and equals 2; 3 exceeds 0 and 2.
    assert area.mean == pytest.approx((1.0 + 1.5 + 2.0) / 9.0, rel=1e-15)


@pytest.mark.parametrize("values", [4, 1_000])
def test_area_and_error_are_those_of_all_pairs(values):
    """With few values there are many ties."""
    rng = np.random.default_rng(0)
    higher, lower = rng.integers(0, values, [2, 7, 5]) + np.array([1, 0])[:, None, None]
    order = pairs(higher, lower)
    area = order.mean()
    # Obuchowski's sums over clusters, with m = n = 35 and 5 of each in a cluster.
    m, clusters = higher.size, len(higher)
    v_higher = np.sum(order.mean(axis=1).reshape(clusters, -1) - area, axis=1)
    v_lower = np.sum(order.mean(axis=0).reshape(clusters, -1) - area, axis=1)
    unbiased = clusters / (clusters - 1)
    s10 = unbiased / m * np.sum(v_higher**2)
    s01 = unbiased / m * np.sum(v_lower**2)
    s11 = unbiased * np.sum(v_higher * v_lower)
    variance = s10 / m + s01 / m + 2 * s11 / m**2
    assert roc_area(higher, lower) == pytest.approx((area, np.sqrt(variance)), rel=1e-12)
    assert roc_area(lower, higher).mean == pytest.approx(1.0 - area, rel=1e-12)


def test_only_the_order_counts():
    rng = np.random.default_rng(1)
    higher, lower = rng.normal(size=[2, 6, 4])
    assert roc_area(np.exp(higher), np.exp(lower)) == roc_area(higher, lower)


def test_apart_and_alike():
    values = np.arange(12.0).reshape(4, 3)
    assert roc_area(values + 12, values) == (1.0, 0.0)
    assert roc_area(values - 12, values) == (0.0, 0.0)
    # The same targets in both: as often above as below, whatever the clusters.
    assert roc_area(values, values) == pytest.approx((0.5, 0.0), abs=1e-15)


@pytest.mark.parametrize("shapes", [((4, 3), (4, 2)), ((1, 3), (1, 3)), ((3,), (3,))])
def test_other_shapes_are_refused(shapes):
    with pytest.raises(InvalidArgumentError, match="of shape"):
        roc_area(*map(np.zeros, shapes))
