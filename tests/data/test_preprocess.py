"""Ink and its reduction, against loops over pixels."""

from __future__ import annotations

import numpy as np
import pytest

from tfvma.data.preprocess import ink, max_pool_ink
from tfvma.errors import InvalidArgumentError


def test_ink_is_one_and_paper_zero():
    result = ink(np.array([[[0, 127, 128, 255]]], np.uint8))
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, [[[1, 1, 0, 0]]])


@pytest.mark.parametrize(
    ("height", "width", "factor"), [(8, 8, 4), (9, 7, 2), (5, 5, 1), (6, 4, 4)]
)
def test_max_pool_equals_a_loop_over_blocks(height, width, factor):
    images = (np.random.default_rng(0).random([3, height, width]) < 0.1).astype(np.uint8)
    pooled = max_pool_ink(images, factor)
    assert pooled.dtype == np.uint8
    assert pooled.shape == (3, height // factor, width // factor)
    for n, row, column in np.ndindex(*pooled.shape):
        block = images[n, row * factor :, column * factor :][:factor, :factor]
        assert pooled[n, row, column] == int(1 in block.ravel().tolist())


def test_omniglot_size_leaves_out_the_last_row_and_column():
    images = np.zeros([2, 105, 105], np.uint8)
    images[0, 104, :] = images[0, :, 104] = 1
    images[1, 103, 103] = 1
    pooled = max_pool_ink(images, 4)
    assert pooled.shape == (2, 26, 26)
    assert pooled[0].sum() == 0
    assert pooled[1].sum() == pooled[1, 25, 25] == 1


@pytest.mark.parametrize("factor", [0, -1, 6])
def test_impossible_factor_is_refused(factor):
    with pytest.raises(InvalidArgumentError, match=f"factor={factor}: expected at"):
        max_pool_ink(np.zeros([1, 5, 9], np.uint8), factor)


def test_other_ranks_are_refused():
    with pytest.raises(InvalidArgumentError, match=r"images of shape \[5, 9\]"):
        max_pool_ink(np.zeros([5, 9], np.uint8), 2)
