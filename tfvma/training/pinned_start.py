"""Which version of a SavedModel a run starts from, whatever versions come later."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tfvma.config import Config
from tfvma.errors import CheckpointError
from tfvma.servable import find_version
from tfvma.training.run_folder import RunFolder, read_config


def pin_start(config: Config, folder: RunFolder) -> Config:
    """`config` with savedmodels/NAME/VERSION where `training.start_from` is savedmodels/NAME.

    That is the latest version when a run begins. One that has begun keeps its own, and looks at
    no SavedModel again.

    Raises CheckpointError where there is no such SavedModel, or `folder` holds no configuration
    that can be read.
    """
    start = config.training.start_from
    if not start:
        return config
    if folder.config.exists():
        begun = read_config(folder).training.start_from
        pinned = begun if Path(begun).parent == Path(start) else start
    else:
        pinned = _latest(start)
    return dataclasses.replace(
        config, training=dataclasses.replace(config.training, start_from=pinned)
    )


def _latest(start: str) -> str:
    try:
        return str(find_version(start))
    except CheckpointError as error:
        raise CheckpointError(f"training.start_from={start!r}: {error}") from error
