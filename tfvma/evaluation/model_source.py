"""Where a trained model lies: the folder of a run, or a SavedModel."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tfvma.errors import CheckpointError


@dataclass(frozen=True)
class ModelSource:
    """A trained model on disk.

    Attributes:
      home: the folder that holds config.json, and takes metrics.json.
      saved_model: the folder of the SavedModel, None for a run.
    """

    home: Path
    saved_model: Path | None


def find_model(path: str | os.PathLike) -> ModelSource:
    """Tells what `path` holds, without loading it.

    Args:
      path: runs/NAME, savedmodels/NAME (of which the latest version is taken) or
        savedmodels/NAME/VERSION.

    Raises CheckpointError where it is none of these.
    """
    path = Path(path)
    if not path.is_dir():
        raise CheckpointError(
            f"MODEL={str(path)!r}: there is no such folder; expected {_EXPECTED}."
        )
    path = path.resolve()
    if path.name.isdecimal() and (path.parent / "config.json").is_file():
        return ModelSource(path.parent, path)
    versions = [child for child in path.iterdir() if child.name.isdecimal() and child.is_dir()]
    if versions:
        return ModelSource(path, max(versions, key=lambda version: int(version.name)))
    if (path / "checkpoints").is_dir() or (path / "model.weights.h5").is_file():
        return ModelSource(path, None)
    raise CheckpointError(f"MODEL={str(path)!r}: expected {_EXPECTED}.")


_EXPECTED = (
    "the folder of a run, with checkpoints/, or of a SavedModel: savedmodels/NAME, "
    "which holds config.json and a folder for each version, or one of these versions"
)
