"""The command that trains a model once more."""

from __future__ import annotations

import shlex

from tfvma.config import Config, options
from tfvma.presets import get_preset, preset_names


def training_command(config: Config) -> str:
    """The command that trains a model like this one, from the nearest preset.

    Intervals of logs and checkpoints are left out: they do not change the weights.
    """

    def changes(preset: str) -> dict[str, object]:
        theirs = options(get_preset(preset))
        return {
            key: value
            for key, value in options(config).items()
            if value != theirs[key] and not key.startswith("intervals.")
        }

    names = preset_names()
    preset = config.name if config.name in names else min(names, key=lambda n: len(changes(n)))
    words = ["python", "train.py", "--preset", preset]
    if config.name != preset:
        words += ["--name", config.name]
    for key, value in changes(preset).items():
        words += ["--set", f"{key}={_option(value)}"]
    return shlex.join(words)


def _option(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
