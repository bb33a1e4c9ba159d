"""A trained model from the folder of its run."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import keras

from tfvma.config import Config
from tfvma.errors import CheckpointError
from tfvma.models.build import build_model
from tfvma.servable import find_version
from tfvma.training.checkpoints import Checkpoints
from tfvma.training.log import read_log
from tfvma.training.provenance import Training, read_training
from tfvma.training.run import compiled_model
from tfvma.training.run_folder import RunFolder, read_config


def load_trained(
    run_dir: str | os.PathLike, precision: str = "float32"
) -> tuple[keras.Model, Config, int]:
    """The model of a run with its averaged weights.

    Args:
        run_dir: the folder of a run, finished or not.
        precision: a Keras dtype policy.

    Returns:
        (model, configuration, steps trained). Weights of a checkpoint are not sharpened yet,
        and the configuration says so.

    Raises:
        CheckpointError: where nothing was trained, or the weights are missing, damaged
            or of another architecture.
    """
    folder = RunFolder(run_dir)
    config = read_config(folder)
    if folder.weights.exists():
        model = build_model(config, precision)
        try:
            model.load_weights(folder.weights)
        except (OSError, ValueError, KeyError) as error:
            raise CheckpointError(
                f"{folder.weights}: expected the weights of this architecture, whole "
                f"({str(error).strip().splitlines()[0]}); remove the file to use the checkpoints."
            ) from error
        return model, config, config.training.steps
    model = compiled_model(config, precision)
    step = Checkpoints(folder.checkpoints, model).restore()
    if step == 0:
        raise CheckpointError(
            f"{folder.path}: expected model.weights.h5 or a checkpoint in "
            f"{folder.checkpoints.name}/, found neither."
        )
    model.optimizer.finalize_variable_values(model.trainable_variables)
    training = dataclasses.replace(config.training, sharpened_for=0)
    return model, dataclasses.replace(config, training=training), step


def training_of_run(run_dir: str | os.PathLike, config: Config, steps: int) -> Training:
    """Steps, minutes and stages of a run, with those of the SavedModel that it started from.

    Raises CheckpointError where that SavedModel is missing or damaged.
    """
    seconds = training_seconds(run_dir, steps)
    reached = dataclasses.replace(config.training, steps=steps)
    training = Training(
        steps=steps,
        minutes=None if seconds is None else seconds / 60,
        stages=(dataclasses.replace(config, training=reached),),
    )
    if not config.training.start_from:
        return training
    return training.after(read_training(find_version(Path(config.training.start_from))))


def training_seconds(run_dir: str | os.PathLike, steps: int) -> float | None:
    """Seconds that the first `steps` of a run have taken, as far as they are logged; None where
    no step is."""
    rows = [row for row in read_log(RunFolder(run_dir).log) if row["step"] <= steps]
    return rows[-1]["seconds"] if rows else None
