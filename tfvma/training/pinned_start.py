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

    That is the latest version when a run begins; one that has begun keeps its own. Where there is
    none the name stays: what loads it, if anything still has to, says so.
    """
    start = config.training.start_from
    if not start:
        return config
    begun = _begun_with(folder)
    pinned = begun if begun and Path(start) in (Path(begun), Path(begun).parent) else _pinned(start)
    training = dataclasses.replace(config.training, start_from=pinned)
    return dataclasses.replace(config, training=training)


def _begun_with(folder: RunFolder) -> str:
    """What the run in `folder` started from; "" for none, and where its configuration cannot be
    read, which is for `check_same_run` to say."""
    try:
        return read_config(folder).training.start_from
    except CheckpointError:
        return ""


def _pinned(start: str) -> str:
    try:
        return str(find_version(start))
    except CheckpointError:
        return start
