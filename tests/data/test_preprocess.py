"""Ink and its reduction, against loops over pixels."""

from __future__ import annotations

import numpy as np
import pytest

from tfvma.data.preprocess import area_average, ink, max_pool_ink
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


@pytest.mark.parametrize(("height", "width", "size"), [(4, 4, 2), (5, 5, 5), (7, 6, 3), (9, 8, 1)])
def test_area_average_is_the_block_mean_of_a_finer_grid(height, width, size):
    """Each pixel cut into size x size equal parts, so that every area is a block of parts."""
    images = np.random.default_rng(0).random([2, height, width])
    fine = images.repeat(size, axis=1).repeat(size, axis=2)
    expected = fine.reshape(2, size, height, size, width).mean(axis=(2, 4))
    found = area_average(images, size)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("size", [0, 5])
def test_area_average_refuses_another_size(size):
    with pytest.raises(InvalidArgumentError, match=f"size={size}: expected 1 to the image size"):
        area_average(np.zeros([1, 4, 6]), size)


def test_area_average_refuses_another_rank():
    with pytest.raises(InvalidArgumentError, match=r"images of shape \[4, 4\]"):
        area_average(np.zeros([4, 4]), 2)


def test_ink_is_not_guessed_from_numbers_of_another_range():
    with pytest.raises(InvalidArgumentError, match="images of float64: expected uint8, from 0"):
        ink(np.array([[[0.0, 1.0]]]))
