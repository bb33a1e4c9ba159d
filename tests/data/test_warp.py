"""Warps move ink where their matrices say, and are the same for the same seed."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfvma.data.warp import as_projections, random_warps, warp_grey, warp_ink

HEIGHT, WIDTH = 9, 21
UNCHANGED = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], np.float32)


def random_ink(number: int) -> np.ndarray:
    return (np.random.default_rng(0).random([number, HEIGHT, WIDTH]) < 0.3).astype(np.uint8)


def expected(image: np.ndarray, warp: np.ndarray) -> np.ndarray:
    """By the definition, pixel by pixel."""
    height, width = image.shape
    result = np.zeros_like(image)
    for y in range(height):
        for x in range(width):
            place = np.array([(y - (height - 1) / 2) / height, (x - (width - 1) / 2) / width, 1.0])
            shares = warp.astype(np.float64) @ place
            row = round(shares[0] * height + (height - 1) / 2)
            column = round(shares[1] * width + (width - 1) / 2)
            if 0 <= row < height and 0 <= column < width:
                result[y, x] = image[row, column]
    return result


def test_nothing_changes_with_the_identity():
    images = random_ink(2)
    np.testing.assert_array_equal(warp_ink(images, np.stack([UNCHANGED] * 2)), images)


def test_each_image_has_its_own_warp():
    images = random_ink(2)
    down = UNCHANGED.copy()
    # From one pixel further up, so that ink moves down.
    down[0, 2] = -1.0 / HEIGHT
    moved, same = warp_ink(images, np.stack([down, UNCHANGED]))
    np.testing.assert_array_equal(moved[1:], images[0, :-1])
    assert not moved[0].any()
    np.testing.assert_array_equal(same, images[1])


def test_pixels_come_from_where_the_matrix_leads():
    images = random_ink(8)
    warps = random_warps(8, np.random.default_rng(1))
    found = warp_ink(images, warps)
    for image, warp, result in zip(images, warps, found, strict=True):
        np.testing.assert_array_equal(result, expected(image, warp))
    assert np.any(found != images)


def interpolated(image: np.ndarray, warp: np.ndarray) -> np.ndarray:
    """By the definition, pixel by pixel, with 0 beyond the border."""
    height, width = image.shape
    padded = np.pad(image.astype(np.float64), 40)
    result = np.zeros(image.shape)
    for y in range(height):
        for x in range(width):
            place = np.array([(y - (height - 1) / 2) / height, (x - (width - 1) / 2) / width, 1.0])
            shares = warp.astype(np.float64) @ place
            row = shares[0] * height + (height - 1) / 2 + 40
            column = shares[1] * width + (width - 1) / 2 + 40
            top, left = int(np.floor(row)), int(np.floor(column))
            down, right = row - top, column - left
            around = padded[top : top + 2, left : left + 2]
            result[y, x] = [1 - down, down] @ around @ [1 - right, right]
    return result


def test_grey_is_the_mean_of_the_pixels_around_the_place():
    images = np.random.default_rng(3).random([6, HEIGHT, WIDTH, 1]).astype(np.float32)
    warps = random_warps(6, np.random.default_rng(4))
    found = warp_grey(tf.constant(images), as_projections(warps, HEIGHT, WIDTH)).numpy()
    for image, warp, result in zip(images, warps, found, strict=True):
        np.testing.assert_allclose(result[..., 0], interpolated(image[..., 0], warp), atol=1e-4)


def test_warps_keep_their_limits_and_their_seed():
    warps = random_warps(4_000, np.random.default_rng(2))
    np.testing.assert_array_equal(warps, random_warps(4_000, np.random.default_rng(2)))
    assert np.abs(warps[:, :, 2]).max() <= 0.06
    # Lengths along each axis are stretched by 15 % at most, and slanted by 0.15 besides.
    lengths = np.linalg.norm(warps[:, :, :2], axis=1)
    assert lengths[:, 1].min() >= 0.85 and lengths[:, 1].max() <= 1.15
    assert lengths[:, 0].min() >= 0.85 and lengths[:, 0].max() <= np.hypot(1.15, 0.15)
    # The second axis of the image is turned, and not slanted.
    turns = np.rad2deg(np.arctan2(-warps[:, 0, 1], warps[:, 1, 1]))
    assert 11.5 < np.abs(turns).max() <= 12.0 + 1e-4
    assert np.linalg.det(warps[:, :, :2]).min() > 0.0
