"""A set of unlabelled images: what recall episodes and plain batches are drawn from."""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass

import numpy as np

from tfvma.datasets import IMAGES
from tfvma.errors import InvalidArgumentError
from tfvma.validation import check_choice


@dataclass(frozen=True, eq=False)
class ImageSet:
    """N images without labels.

    Attributes:
      name: the dataset, such as "binarized_mnist".
      split: "train", "test", or another that the dataset has.
      images: uint8 [N, H, W], from 0 (paper) to `levels` (ink).
      levels: 1 for binary images. With more, a pixel of value v is ink with probability
        v / levels, drawn anew whenever the image is.
      groups: int [N], the same number for images of one thing, such as a character, which are
        alike; None where there is nothing of the kind.

    Raises InvalidArgumentError where these do not fit together.
    """

    name: str
    split: str
    images: np.ndarray
    levels: int = 1
    groups: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.images.dtype != np.uint8 or self.images.ndim != 3:
            raise InvalidArgumentError(
                f"images of {self.images.dtype}{list(self.images.shape)}: "
                "expected uint8 [images, height, width]."
            )
        if 0 in self.images.shape:
            raise InvalidArgumentError(
                f"images of shape {list(self.images.shape)}: expected no empty axis."
            )
        if self.groups is not None and self.groups.shape != self.images.shape[:1]:
            raise InvalidArgumentError(
                f"groups of shape {list(self.groups.shape)}: expected a number for each of "
                f"{len(self.images)} images."
            )
        if not 1 <= self.levels <= 255:
            raise InvalidArgumentError(f"levels={self.levels!r}: expected 1 to 255.")
        if self.images.max() > self.levels:
            raise InvalidArgumentError(
                f"images with values up to {self.images.max()}: expected 0 (paper) to "
                f"{self.levels} (ink)."
            )

    @property
    def num_images(self) -> int:
        """N, the number of images."""
        return self.images.shape[0]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, 1): the shape of one image in a batch."""
        return (*self.images.shape[1:], 1)

    @property
    def checksum(self) -> int:
        """Differs for other images."""
        return zlib.crc32(self.images.tobytes())


def load_images(name: str, split: str, data_dir: str | os.PathLike | None = None) -> ImageSet:
    """Loads one part of a dataset of unlabelled images.

    Args:
      name: "binarized_mnist" (28x28, Larochelle's binarization), "omniglot28" (28x28,
        area-averaged; grey values are drawn as ink or paper whenever an image is used) or
        "omniglot28_static" (the same, drawn once).
      split: "train", "test" or, of binarized MNIST, "validation".
      data_dir: the folder of tensorflow-datasets that holds the data; without it the
        environment variable TFVMA_DATA_DIR, else the default of tensorflow-datasets, which
        downloads what is missing.

    Raises InvalidArgumentError for an unknown name or split, DataError where the data is
    missing or damaged.
    """
    check_choice("name", name, IMAGES)
    check_choice("split", split, IMAGES[name])
    if name == "binarized_mnist":
        from tfvma.data import binarized_mnist

        return binarized_mnist.load(split, data_dir)
    from tfvma.data import omniglot28

    if name == "omniglot28_static":
        return omniglot28.load_static(split, data_dir)
    return omniglot28.load(split, data_dir)
