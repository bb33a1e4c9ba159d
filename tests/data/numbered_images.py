"""Images that carry their own number, so that each can be recognised."""

from __future__ import annotations

import numpy as np

from tfvma.data.images import ImageSet

BITS = 8


def numbered_images(count: int = 200) -> ImageSet:
    """The pixels of an image, 2x4, are the bits of its number."""
    bits = (np.arange(count)[:, np.newaxis] >> np.arange(BITS)) & 1
    return ImageSet("numbered", "train", bits.reshape(count, 2, 4).astype(np.uint8))


def numbers(images: np.ndarray) -> np.ndarray:
    return (images.reshape(len(images), BITS) @ (2 ** np.arange(BITS))).astype(int)
