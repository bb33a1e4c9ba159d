"""What lies where in the folder of a run, and the configuration kept there."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from tfvma.config import Config, from_dict, options, to_dict
from tfvma.errors import CheckpointError, InvalidArgumentError
from tfvma.training.atomic import replacing

# A run may go on with other values of these: they change nothing of what is done, but the
# learning rate from then on, where it depends on the number of steps.
_MAY_CHANGE = ("training.steps", "training.sharpened_for", "intervals.")


@dataclass(frozen=True)
class RunFolder:
    """Paths in the folder of one run."""

    path: Path

    def __init__(self, path: str | os.PathLike):
        object.__setattr__(self, "path", Path(path))

    @property
    def config(self) -> Path:
        return self.path / "config.json"

    @property
    def log(self) -> Path:
        return self.path / "log.csv"

    @property
    def diagnostics(self) -> Path:
        return self.path / "diagnostics.csv"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def pictures(self) -> Path:
        return self.path / "pictures"

    @property
    def tensorboard(self) -> Path:
        return self.path / "tensorboard"

    @property
    def weights(self) -> Path:
        """The averaged weights; there if and only if the run is finished."""
        return self.path / "model.weights.h5"

    @property
    def has_weights(self) -> bool:
        """Whether a run was kept there, at its end or on its way."""
        return self.weights.exists() or any(self.checkpoints.glob("*.index"))


def read_config(folder: RunFolder) -> Config:
    """The configuration of a run; raises CheckpointError where there is none that can be read."""
    try:
        return from_dict(json.loads(folder.config.read_text(encoding="utf-8")))
    except OSError as error:
        raise CheckpointError(
            f"{folder.path}: expected the folder of a run, with a config.json ({error.strerror})."
        ) from error
    except (json.JSONDecodeError, UnicodeDecodeError, InvalidArgumentError) as error:
        raise CheckpointError(
            f"{folder.config}: expected the configuration of a run ({error})."
        ) from error


def write_config(folder: RunFolder, config: Config) -> None:
    """Writes config.json."""
    with replacing(folder.config) as beside:
        beside.write_text(json.dumps(to_dict(config), indent=2) + "\n", encoding="utf-8")


def check_same_run(folder: RunFolder, config: Config) -> None:
    """Raises CheckpointError where the folder holds a run of another configuration.

    Steps, intervals and what the logits are sharpened for may differ.
    """
    if not folder.config.exists():
        return
    there, here = options(read_config(folder)), options(config)
    differing = [
        f"{key} is {there[key]!r} there and {here[key]!r} here"
        for key in here
        if there[key] != here[key] and not key.startswith(_MAY_CHANGE)
    ]
    if differing:
        of_model = any(words.startswith("model.") for words in differing)
        # Weights of another model could not be read.
        others = "" if of_model else ", or go on all the same with --accept-changes"
        raise CheckpointError(
            f"{folder.path} holds a run of another configuration: {'; '.join(differing)}. "
            f"Choose another --name, or the same values{others}."
        )
