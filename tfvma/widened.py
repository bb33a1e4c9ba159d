"""A trained weight in a wider layer, so that the wider model computes the same."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from tfvma.errors import CheckpointError

# Kernels of transposed convolutions are [3, 3, out, in].
_TRANSPOSED = re.compile(r"/(up\d+|skip\d+|image_skip)/kernel$")
# What a width may not change: keys, the parameters of z, the vector that joins z, pixels, entries.
_FIXED = re.compile("/(embedding|parameters|summary|logits)/bias$|/memory/slots$|/prior_query$")


class Top(NamedTuple):
    """The last feature maps, which dense layers read and make as one axis, channel last.

    cells: height x width; 1 without convolutions. trained, initial: channels of the narrower and
    of the wider model.
    """

    cells: int
    trained: int
    initial: int


def widened(path: str, trained: np.ndarray, initial: np.ndarray, top: Top) -> np.ndarray:
    """`trained` in a corner of a wider weight, in which old units do not read new ones.

        [ trained        0    ]   to old units, from [old, new]
        [ initial     initial ]   to new units

    New units start as in a new model, with nobody to read them yet but each other. Net2WiderNet
    (Chen, Goodfellow and Shlens 2016) copies units instead, which then have to be told apart.

    Args:
        path: of the weight in its model; says which of its axes are units.
        trained: the weight of the narrower layer.
        initial: that of the wider one, untrained.
        top: of both models.

    Raises CheckpointError where an axis shrinks, or one grows that is no hidden width.
    """
    there, here = trained.shape, initial.shape
    if there == here:
        return trained
    grows = len(there) == len(here) and all(t <= h for t, h in zip(there, here, strict=True))
    if not grows or _FIXED.search(path):
        raise CheckpointError(f"{path} is {list(there)} and not {list(here)}")
    old = [_old_units(t, h, top) for t, h in zip(there, here, strict=True)]
    wide = initial.copy()
    if initial.ndim > 1:
        to = initial.ndim - (2 if _TRANSPOSED.search(path) else 1)
        to_old = [old[axis] if axis == to else np.arange(size) for axis, size in enumerate(here)]
        wide[np.ix_(*to_old)] = 0.0
    wide[np.ix_(*old)] = trained
    return wide


def _old_units(there: int, here: int, top: Top) -> np.ndarray:
    """Where `there` old units of an axis lie among `here`: first, or first in each cell.

    It depends on the sizes alone, so that layers which share an axis agree.
    """
    if (there, here) != (top.cells * top.trained, top.cells * top.initial):
        return np.arange(there)
    return np.arange(here).reshape(top.cells, top.initial)[:, : top.trained].reshape(-1)
