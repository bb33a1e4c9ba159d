"""The weights of a SavedModel, back in a model that can be trained."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tfvma.errors import CheckpointError
from tfvma.servable import load_saved_model
from tfvma.widened import Top, widened

if TYPE_CHECKING:
    from tfvma.models.episodic import EpisodicModel

# Of convolutional decoders: the last number has the smallest features.
_UPSCALE = re.compile(r"/decoder/up(\d+)/kernel$")
# What a model may have that another of its family has not.
_LEFT_OUT = re.compile("/query_embedding/|/addressing/prior_query$|/memory/slots$")


class Started(NamedTuple):
    """How many weights a model was given, and how many of them are wider than those saved."""

    given: int
    widened: int


def restore_weights(model: EpisodicModel, path: str | os.PathLike) -> None:
    """Gives `model` the weights of a SavedModel, so that training can go on from it.

    Args:
        model: built from the configuration beside the SavedModel; compiled or not.
        path: as in `load_servable`.

    Raises:
        CheckpointError: when the SavedModel is missing, damaged, or of another
            architecture; the model is then as it was.
    """
    _restore({weight.path: weight for weight in model.weights}, saved_weights(path), path)


def start_from(model: EpisodicModel, path: str | os.PathLike) -> Started:
    """Gives `model` the weights of a SavedModel of its family, or those that it shares with one of
    another, such as a variational autoencoder for a model with a memory.

    One of its family must have the same, but for what a choice leaves out: h_q where it is tied to
    h, the query point of a flat p(a), and the slots of a learned memory, which stay as they are
    where there are fewer, more, or none. Its layers may be narrower, see `widened`: units that it
    has not are not read yet. Shared with another are weights with the same path below the name of
    the model, and the same shape.

    Args:
        model, path: as in `restore_weights`.

    Raises CheckpointError as `restore_weights`, or where nothing is shared.
    """
    saved = saved_weights(path)
    if _families(saved) == _families(weight.path for weight in model.weights):
        ours = {weight.path: weight for weight in model.weights}
        slots = _slots([*saved, *ours])
        if slots in ours and _differ_in_size(ours[slots], saved.get(slots)):
            del ours[slots]
        theirs = {k: w for k, w in saved.items() if k in ours or not _LEFT_OUT.search(k)}
        wide = _as_wide(theirs, ours, path)
        _restore(ours, wide, path)
        return Started(len(ours), sum(w.shape != theirs[k].shape for k, w in wide.items()))
    theirs = {_below(key): weight for key, weight in saved.items()}
    shared = [
        (weight, theirs[_below(weight.path)])
        for weight in model.weights
        if _below(weight.path) in theirs and theirs[_below(weight.path)].shape == weight.shape
    ]
    if not shared:
        raise CheckpointError(
            f"path={str(path)!r}: expected a relative of the model, but they share no weights."
        )
    for weight, value in shared:
        weight.assign(value)
    return Started(len(shared), widened=0)


def saved_weights(path: str | os.PathLike) -> dict:
    """The weights of a SavedModel by their paths; raises CheckpointError as `restore_weights`."""
    loaded, _ = load_saved_model(path)
    return getattr(loaded, "weights", {})


def _restore(ours: dict, saved: dict, path: str | os.PathLike) -> None:
    """Gives each weight of ours the one that was saved under its path."""
    differing = _difference(_shapes(saved), _shapes(ours))
    if differing:
        raise CheckpointError(
            f"path={str(path)!r}: expected the architecture of the model, but {differing}."
        )
    for key, weight in ours.items():
        weight.assign(saved[key])


def _as_wide(saved: dict, ours: dict, path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Saved weights, each as wide as ours of the same path."""
    try:
        top = _top(saved, ours)
        return {
            key: widened(key, np.asarray(weight), np.asarray(ours[key]), top)
            if key in ours
            else weight
            for key, weight in sorted(saved.items())
        }
    except CheckpointError as error:
        raise CheckpointError(
            f"path={str(path)!r}: expected the architecture of the model, but {error}."
        ) from error


def _top(saved: dict, ours: dict) -> Top:
    """The last feature maps of two models of a family; raises CheckpointError where one has more
    cells."""
    (cells, trained), (here, initial) = _cells_and_channels(saved), _cells_and_channels(ours)
    if cells != here:
        raise CheckpointError(f"its last feature maps have {cells} pixels and not {here}")
    return Top(cells, trained, initial)


def _cells_and_channels(weights: dict) -> tuple[int, int]:
    """Of the last feature maps, from the decoder, which begins with them; without any, 1 and 1."""
    kernels = {path: weight for path, weight in weights.items() if _UPSCALE.search(path)}
    if not kernels:
        return 1, 1
    last = max(kernels, key=lambda path: int(_UPSCALE.search(path)[1]))
    channels = kernels[last].shape[-1]
    units = weights[_UPSCALE.sub("/decoder/z_dense/kernel", last)].shape[-1]
    return units // channels, channels


def _slots(paths: Iterable[str]) -> str | None:
    """The path of the entries of a learned memory."""
    return next((path for path in paths if path.endswith("/memory/slots")), None)


def _differ_in_size(ours, theirs) -> bool:
    """Whether two learned memories, the second perhaps None, differ in M alone."""
    return theirs is None or (
        ours.shape[0] != theirs.shape[0] and ours.shape[1:] == theirs.shape[1:]
    )


def _families(paths: Iterable[str]) -> set[str]:
    """The names of models in paths of weights."""
    return {path.partition("/")[0] for path in paths}


def _below(path: str) -> str:
    """A path without the name of the model."""
    return path.partition("/")[2]


def _shapes(weights) -> dict[str, tuple[int, ...]]:
    """The shape of each weight, by its path."""
    return {path: tuple(weight.shape) for path, weight in weights.items()}


def _difference(there: dict[str, tuple[int, ...]], expected: dict[str, tuple[int, ...]]) -> str:
    """The first weight that is not the same, in words; "" where all are."""
    for path in sorted({*there, *expected}):
        found, wanted = there.get(path), expected.get(path)
        if found is None:
            return f"there is no {path}"
        if wanted is None:
            return f"it has {path} besides"
        if found != wanted:
            return f"{path} is {list(found)} and not {list(wanted)}"
    return ""
