"""The weights of a SavedModel, back in a model that can be trained."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tfvma.errors import CheckpointError
from tfvma.servable import load_saved_model

if TYPE_CHECKING:
    from tfvma.models.episodic import EpisodicModel


def restore_weights(model: EpisodicModel, path: str | os.PathLike) -> None:
    """Gives `model` the weights of a SavedModel, so that training can go on from it.

    Args:
        model: built from the configuration beside the SavedModel; compiled or not.
        path: as in `load_servable`.

    Raises:
        CheckpointError: when the SavedModel is missing, damaged, or of another
            architecture; the model is then as it was.
    """
    loaded, _ = load_saved_model(path)
    saved = getattr(loaded, "weights", {})
    ours = {weight.path: weight for weight in model.weights}
    differing = difference(shapes(saved), shapes(ours))
    if differing:
        raise CheckpointError(
            f"path={str(path)!r}: expected the architecture of the model, but {differing}."
        )
    for key, weight in ours.items():
        weight.assign(saved[key])


def shapes(weights) -> dict[str, tuple[int, ...]]:
    """The shape of each weight, by its path."""
    return {path: tuple(weight.shape) for path, weight in weights.items()}


def difference(there: dict[str, tuple[int, ...]], expected: dict[str, tuple[int, ...]]) -> str:
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
