"""From scanned images to ink."""

from __future__ import annotations

import numpy as np

from tfvma.errors import InvalidArgumentError
from tfvma.validation import check_at_least


def ink(images: np.ndarray, threshold: int = 128) -> np.ndarray:
    """uint8 grey images (0 = black) to uint8 ink: 1 where darker than `threshold`, else 0.

    Raises InvalidArgumentError for images of another dtype, whose white may be 1.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise InvalidArgumentError(
            f"images of {images.dtype}: expected uint8, from 0 = black to 255 = white."
        )
    return (images < threshold).astype(np.uint8)


def max_pool_ink(images: np.ndarray, factor: int) -> np.ndarray:
    """Shrinks ink images: a pixel is ink if any pixel of its factor x factor block is.

    Args:
      images: uint8 [N, H, W], 1 = ink. Rows and columns beyond the last whole block are cut.
      factor: the block size, at most H and W.

    Returns uint8 [N, H // factor, W // factor]. Raises InvalidArgumentError for images of
    another rank or a factor that leaves no pixel.
    """
    if images.ndim != 3:
        raise InvalidArgumentError(
            f"images of shape {list(images.shape)}: expected [number, height, width]."
        )
    count, height, width = images.shape
    check_at_least("factor", factor, 1)
    rows, columns = height // factor, width // factor
    if not (rows and columns):
        raise InvalidArgumentError(
            f"factor={factor}: expected at most the image size, {height}x{width}."
        )
    whole = images[:, : rows * factor, : columns * factor]
    return whole.reshape(count, rows, factor, columns, factor).max(axis=(2, 4))


def area_average(images: np.ndarray, size: int) -> np.ndarray:
    """Shrinks images to size x size: each pixel is the mean over the area that it covers.

    Args:
      images: [N, H, W]; a pixel of the result covers H / size x W / size of these, with
        fractions of those at its border.
      size: at most H and W.

    Returns float32 [N, size, size]. Raises InvalidArgumentError for images of another rank or
    another size.
    """
    if images.ndim != 3:
        raise InvalidArgumentError(
            f"images of shape {list(images.shape)}: expected [number, height, width]."
        )
    _, height, width = images.shape
    if not 1 <= size <= min(height, width):
        raise InvalidArgumentError(
            f"size={size!r}: expected 1 to the image size, {height}x{width}."
        )
    rows, columns = _shares(height, size), _shares(width, size)
    return rows @ images.astype(np.float32) @ columns.T


def _shares(length: int, size: int) -> np.ndarray:
    """What share of each of `size` equal parts lies in each of `length` pixels, [size, length]."""
    edges = np.arange(size + 1)[:, np.newaxis] * (length / size)
    pixels = np.arange(length)
    first, last = np.maximum(edges[:-1], pixels), np.minimum(edges[1:], pixels + 1)
    return (np.maximum(last - first, 0.0) * (size / length)).astype(np.float32)
