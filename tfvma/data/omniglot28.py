"""Omniglot at 28x28 without labels, grey values drawn as ink or paper.

Burda, Grosse, Salakhutdinov (2015), "Importance Weighted Autoencoders", released such a set
(chardata.mat), also used by Bornschein et al. (2017), section 4.2. This is not that file: the
same drawings, from tensorflow-datasets `omniglot` 3.0.0, are averaged over areas here, so that
figures are near those of that set and not comparable to the last nat.
"""

from __future__ import annotations

import dataclasses
import os

import numpy as np

from tfvma.data.cache import cached_arrays
from tfvma.data.image_source import resample
from tfvma.data.images import ImageSet
from tfvma.data.omniglot import SOURCE, VERSION, read_drawings
from tfvma.data.preprocess import area_average, ink

SIZE = 28
TRAINING_DRAWINGS = 15
_LEVELS = 255
_TRAINING_SEED, _TEST_SEED = 1, 0


def load(split: str, data_dir: str | os.PathLike | None = None) -> ImageSet:
    """Loads "train" (24,345 images) or "test" (8,115).

    The first 15 drawings of each character, in order of records, are for training, the other
    5 for test. Those for training are grey, and drawn as ink or paper whenever they are used;
    those for test have been drawn once, with seed 0. Characters are groups. `data_dir` as in
    `load_images`. Raises DataError as `omniglot.load`.
    """
    folder = SOURCE.find(data_dir)
    key = f"omniglot28-{VERSION}-area-average-{SOURCE.fingerprint(folder)}"
    drawings = cached_arrays(key, lambda: read_drawings(folder, _reduce))["drawings"]
    if split == "train":
        kept = drawings[:, :TRAINING_DRAWINGS]
        return ImageSet("omniglot28", split, _images(kept), _LEVELS, _characters(kept))
    kept = drawings[:, TRAINING_DRAWINGS:]
    drawn = resample(_images(kept), _LEVELS, [_TEST_SEED, 0]).numpy()
    return ImageSet("omniglot28", split, drawn, groups=_characters(kept))


def load_static(split: str, data_dir: str | os.PathLike | None = None) -> ImageSet:
    """Loads what `load` does, with the training images drawn once too, with seed 1.

    A model can then learn every pixel of them by heart; where they are drawn anew, no model of
    them is below their entropy given the grey values, 46 nats on average.
    """
    images = load(split, data_dir)
    if images.levels == 1:
        return dataclasses.replace(images, name="omniglot28_static")
    drawn = resample(images.images, images.levels, [_TRAINING_SEED, 0]).numpy()
    return ImageSet("omniglot28_static", split, drawn, groups=images.groups)


def _reduce(grey: np.ndarray) -> np.ndarray:
    """The share of ink in each pixel, in 255ths."""
    return np.rint(_LEVELS * area_average(ink(grey), SIZE)).astype(np.uint8)


def _characters(drawings: np.ndarray) -> np.ndarray:
    """The number of its character, for each of `_images`."""
    return np.repeat(np.arange(len(drawings)), drawings.shape[1])


def _images(drawings: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(drawings).reshape(-1, *drawings.shape[2:])
