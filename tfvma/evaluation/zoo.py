"""All models of a folder of SavedModels, with what was measured on them; loads none."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tfvma.config import Config
from tfvma.errors import InvalidArgumentError
from tfvma.evaluation.metrics_file import Row, read_rows
from tfvma.kinds import Kind, kind_of

_METRICS = "metrics.json"


@dataclass(frozen=True)
class ZooModel:
    """A model of the zoo.

    Attributes:
      home: savedmodels/NAME.
      config: of the run that made its latest version.
      rows: of its metrics.json; empty where it was not measured.
      version: the latest one; None where scores alone are kept.
      stages: the configurations that led to that version; empty where they are not known.
      logs: rows of the log.csv of the run that made a version, for those where it was kept.
    """

    home: Path
    config: Config
    rows: Sequence[Row]
    version: int | None = None
    stages: Sequence[Config] = ()
    logs: Mapping[int, Sequence[Mapping[str, float]]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """NAME."""
        return self.home.name

    @property
    def has_address(self) -> bool:
        """Whether it samples an address."""
        return self.config.model.family == "vma"

    @property
    def takes_memory(self) -> bool:
        """Whether a memory comes with every call."""
        return self.config.model.family != "vae" and self.config.model.memory_size == 0

    @property
    def kind(self) -> Kind:
        """What it is, as its configuration tells."""
        return kind_of(self)

    def find(self, protocol: str, metric: str, num_samples: int | None) -> Row | None:
        """The row with this key, or None."""
        key = (protocol, metric, num_samples)
        return next((row for row in self.rows if row.key == key), None)


def read_zoo(savedmodels: str | os.PathLike) -> list[ZooModel]:
    """The models of `savedmodels`, its folders that hold a config.json, by name: 2shot is before
    16shot.

    Raises InvalidArgumentError where there is none, CheckpointError or OutputError for a
    configuration or metrics that cannot be read.
    """
    homes = sorted((path.parent for path in Path(savedmodels).glob("*/config.json")), key=_order)
    if not homes:
        raise InvalidArgumentError(
            f"savedmodels={str(savedmodels)!r}: expected a folder with NAME/config.json for each "
            "model."
        )
    return [_read_model(home) for home in homes]


def _read_model(home: Path) -> ZooModel:
    # Imports TensorFlow, which takes seconds: after the folder is known to be right.
    from tfvma.servable import list_versions
    from tfvma.training.provenance import read_training, read_training_log
    from tfvma.training.run_folder import RunFolder, read_config

    config, rows = read_config(RunFolder(home)), read_rows(home / _METRICS)
    versions = list_versions(home)
    if not versions:
        return ZooModel(home, config, rows)
    logs = {version: read_training_log(home / str(version)) for version in versions}
    return ZooModel(
        home,
        config,
        rows,
        version=versions[-1],
        stages=read_training(home / str(versions[-1])).stages,
        logs={version: log for version, log in logs.items() if log},
    )


def _order(home: Path) -> list[tuple[str, int]]:
    """Words and numbers of the name in turn."""
    return [(word, int(number or 0)) for word, number in re.findall(r"(\D*)(\d*)", home.name)]
