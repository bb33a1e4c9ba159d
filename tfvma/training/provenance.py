"""How the weights of a SavedModel came about, kept beside them.

Servers ignore what lies in assets.extra.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path

from tfvma.config import Config, from_dict, to_dict
from tfvma.errors import CheckpointError, InvalidArgumentError
from tfvma.training.log import copy_log, read_log

_FACTS = Path("assets.extra", "training.json")
_LOG = Path("assets.extra", "log.csv")


@dataclass(frozen=True)
class Training:
    """How weights came about.

    Attributes:
      steps, minutes: of all stages; None where they are not known.
      stages: the configuration of each run, of which the next one started from what this one
        made, as far back as they are known.
    """

    steps: int | None = None
    minutes: float | None = None
    stages: tuple[Config, ...] = ()

    @property
    def recorded(self) -> bool:
        """Whether anything of it is known."""
        return self != Training()

    def after(self, earlier: Training) -> Training:
        """This training and the one whose weights it started from."""
        return Training(
            _total(earlier.steps, self.steps),
            _total(earlier.minutes, self.minutes),
            earlier.stages + self.stages if self.stages else (),
        )


def _total(earlier: float | None, later: float | None) -> float | None:
    return None if None in (earlier, later) else earlier + later


def read_training(saved_model: str | os.PathLike) -> Training:
    """How the weights of a SavedModel, savedmodels/NAME/VERSION, came about.

    Raises CheckpointError where the file that tells is damaged.
    """
    path = Path(saved_model) / _FACTS
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        stages = tuple(from_dict(stage) for stage in facts.pop("stages", ()))
        training = Training(**facts, stages=stages)
        _check_number("steps", training.steps)
        _check_number("minutes", training.minutes)
        return training
    except FileNotFoundError:
        return Training()
    except (OSError, ValueError, TypeError, AttributeError, InvalidArgumentError) as error:
        raise CheckpointError(f"{path}: expected what is known of a training ({error}).") from error


def _check_number(name: str, value: object) -> None:
    if value is not None and not isinstance(value, int | float):
        raise TypeError(f"{name}={value!r} is no number")


def read_training_log(saved_model: str | os.PathLike) -> list[dict[str, float]]:
    """The rows of the log.csv of its last stage; none where it was not kept."""
    return read_log(Path(saved_model) / _LOG)


def write_training(
    saved_model: Path, training: Training, log: str | os.PathLike | None = None
) -> None:
    """Writes what is known into the folder of a SavedModel, and copies log.csv, if there is one,
    up to the last step of the last stage."""
    path = saved_model / _FACTS
    path.parent.mkdir(exist_ok=True)
    facts = {"steps": training.steps, "minutes": training.minutes}
    facts["stages"] = [to_dict(stage) for stage in training.stages]
    path.write_text(json.dumps(facts) + "\n", encoding="utf-8")
    if log is not None and Path(log).is_file():
        last = training.stages[-1].training.steps if training.stages else math.inf
        copy_log(Path(log), saved_model / _LOG, last)
