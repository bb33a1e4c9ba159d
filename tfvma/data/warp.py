"""Drawings turned, stretched, slanted and shifted a little, as another hand might draw them."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

# The most of each: degrees; shares of the size; shares of a length.
_TURN = 12.0
_STRETCH = 0.15
_SLANT = 0.15
_SHIFT = 0.06
# Part of the key under which warped drawings are kept: another one for other limits.
NAME = "warp-1"


def random_warps(number: int, random: np.random.Generator) -> np.ndarray:
    """Affine maps from places in the warped image to places in the image, both measured from its
    middle in shares of its size: float32 [number, 2, 3], rows for y and x.

    Turned by up to 12 degrees, stretched by up to 15 % along each axis, slanted by up to 0.15,
    shifted by up to 6 % of the size; each uniform.
    """

    def up_to(limit: float, *shape: int) -> np.ndarray:
        return random.uniform(-limit, limit, (number, *shape))

    angle, stretch, slant = np.deg2rad(up_to(_TURN)), 1.0 + up_to(_STRETCH, 2), up_to(_SLANT)
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.stack([cosine, -sine, sine, cosine], axis=-1).reshape(number, 2, 2)
    slanted = np.zeros([number, 2, 2])
    slanted[:, 0, 0], slanted[:, 1, 1], slanted[:, 1, 0] = stretch[:, 0], stretch[:, 1], slant
    shift = up_to(_SHIFT, 2, 1)
    return np.concatenate([turn @ slanted, shift], axis=2).astype(np.float32)


def warp_ink(images: np.ndarray, warps: np.ndarray) -> np.ndarray:
    """Each pixel is the one nearest to where its warp leads, or paper beyond the border.

    Args:
      images: uint8 [N, H, W], 1 = ink.
      warps: one for each, as `random_warps` makes them.

    Returns uint8 [N, H, W].
    """
    _, height, width = images.shape
    # On a GPU places halfway between two pixels could be rounded otherwise.
    with tf.device("CPU:0"):
        places = as_projections(warps, height, width)
        return _warp(images[..., np.newaxis], places, "NEAREST").numpy()[..., 0]


def warp_grey(images: tf.Tensor, projections: tf.Tensor) -> tf.Tensor:
    """Each pixel is the mean of the four around where its warp leads, or 0 beyond the border.

    Args:
      images: float32 [N, H, W, 1].
      projections: one for each, float32 [N, 8], as `as_projections` makes them.

    Returns float32 [N, H, W, 1].
    """
    return _warp(images, projections, "BILINEAR")


def as_projections(warps: np.ndarray, height: int, width: int) -> np.ndarray:
    """Warps [N, 2, 3] of images of a size as TF has them, in pixels: float32 [N, 8]."""
    middle = np.array([height - 1, width - 1]) / 2.0
    size = np.array([height, width])
    linear = warps[:, :, :2] * (size[:, np.newaxis] / size)
    offset = middle + size * warps[:, :, 2] - np.einsum("nij,j->ni", linear, middle)
    # The op has x before y: input x = a0 x + a1 y + a2, input y = b0 x + b1 y + b2.
    zeros = np.zeros(len(warps))
    rows = [linear[:, 1, 1], linear[:, 1, 0], offset[:, 1]]
    rows += [linear[:, 0, 1], linear[:, 0, 0], offset[:, 0], zeros, zeros]
    return np.stack(rows, axis=1).astype(np.float32)


def _warp(
    images: tf.Tensor | np.ndarray, projections: tf.Tensor | np.ndarray, interpolation: str
) -> tf.Tensor:
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=projections,
        output_shape=images.shape[1:3],
        fill_value=0.0,
        interpolation=interpolation,
        fill_mode="CONSTANT",
    )
