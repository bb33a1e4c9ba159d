"""A trained model with what is known about its training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfvma.config import Config
from tfvma.evaluation.metrics_file import Trained
from tfvma.evaluation.model_source import ModelSource
from tfvma.evaluation.scorer import Scorer
from tfvma.servable import load_servable
from tfvma.training.load import load_trained, training_of_run
from tfvma.training.log import read_log
from tfvma.training.provenance import Training, read_training, read_training_log
from tfvma.training.run_folder import RunFolder, read_config


@dataclass(frozen=True)
class TrainedModel:
    """A scorer and its origin.

    Attributes:
      scorer: the model.
      config: of the run that made it.
      steps, minutes: of training, with that of the model it started from; None where not
        known, or where that model is elsewhere by now.
      log: rows of the run's log.csv; empty for a SavedModel that was exported without.
    """

    scorer: Scorer
    config: Config
    steps: int | None
    minutes: float | None
    log: Sequence[Mapping[str, float]]

    @property
    def trained(self) -> Trained:
        """What tells its rows from those of other versions."""
        return Trained(self.steps, self.minutes, self.config.training.sharpened_for)


def load_model(source: ModelSource) -> TrainedModel:
    """Loads a run's averaged weights, in float32, or a SavedModel.

    Raises CheckpointError where it is missing, damaged or of another architecture.
    """
    folder = RunFolder(source.home)
    if source.saved_model is None:
        model, config, steps = load_trained(source.home, precision="float32")
        training = _training(source, config, steps)
        return TrainedModel(model, config, training.steps, training.minutes, read_log(folder.log))
    training = read_training(source.saved_model)
    return TrainedModel(
        scorer=load_servable(source.saved_model),
        # That of the folder is of the latest version.
        config=training.stages[-1] if training.stages else read_config(folder),
        steps=training.steps,
        minutes=training.minutes,
        log=read_training_log(source.saved_model),
    )


def _training(source: ModelSource, config: Config, steps: int) -> Training:
    start = config.training.start_from
    if start and not Path(start).exists():
        return Training()
    return training_of_run(source.home, config, steps)
