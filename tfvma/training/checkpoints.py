"""Checkpoints: everything that a run needs to go on as if it had not stopped."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import keras
import tensorflow as tf

from tfvma.errors import CheckpointError, OutputError
from tfvma.training.clock import Clock
from tfvma.training.divergence import check_finite_weights
from tfvma.training.every import Every, completed_steps

_PREFIX = "step"
# What TensorFlow raises for files that are missing, cut short, or overwritten.
_DAMAGED = (tf.errors.OpError, IndexError)


class Checkpoints:
    """The checkpoints of one run, the latest `keep` of them.

    A checkpoint holds, by name and not by place in the object graph: the weights
    that train; the optimizer's variables, with its step and the averaged weights;
    the state of the estimator and of the model's random numbers; the running means of
    its metrics; the seconds of training.

    Args:
        folder: where they lie; made when the first one is saved.
        model: compiled.
        keep: how many are kept.

    Attributes:
        variables: what a checkpoint holds.
        seconds: of training, as last saved or restored.
        latest: the last checkpoint saved or restored, or None.
    """

    def __init__(self, folder: Path, model: keras.Model, keep: int = 2):
        model.optimizer.build(model.trainable_variables)
        self.folder = folder
        self.model = model
        self.seconds = tf.Variable(0.0, dtype=tf.float64, trainable=False)
        state = {
            "weights": _by_path(model.weights),
            "optimizer": _by_path(model.optimizer.variables),
            "estimator": _by_place(model.estimator_state),
            "random_state": model.seed_generator.state.value,
            "metrics": {
                f"{metric.name}/{variable.name}": variable.value
                for metric in model.metrics
                for variable in metric.variables
            },
            "seconds": self.seconds,
        }
        self.variables: list[tf.Variable] = tf.nest.flatten(state)
        self._checkpoint = tf.train.Checkpoint(**state)
        self._keep = keep
        self._manager: tf.train.CheckpointManager | None = None
        self.latest: Path | None = None

    def save(self, seconds: float) -> Path:
        """Saves the present state.

        Raises DivergedError, and saves nothing, where a weight is not finite;
        OutputError where the folder does not take it.
        """
        step = completed_steps(self.model)
        check_finite_weights(self.model, step, self.latest)
        self.seconds.assign(seconds)
        try:
            if self._manager is None:
                self._manager = self._make_manager()
            self.latest = Path(self._manager.save(checkpoint_number=step))
        except (tf.errors.OpError, OSError) as error:
            raise OutputError(
                f"{self.folder}: expected to save a checkpoint there at step {step} "
                f"({_first_line(error)})."
            ) from error
        return self.latest

    def restore(self) -> int:
        """Goes back to the latest checkpoint that can be read.

        Returns:
            Its step, or 0 where no checkpoint was ever saved.

        Raises:
            CheckpointError: when there are checkpoints and none can be read, or one is
                of another architecture.
        """
        found = self._found()
        for path in found:
            try:
                self._read(path)
            except _DAMAGED as error:
                warnings.warn(
                    f"{path}: damaged checkpoint passed over ({_first_line(error)})",
                    stacklevel=2,
                )
                continue
            self.latest = path
            return completed_steps(self.model)
        if found:
            raise CheckpointError(
                f"{self.folder}: none of its {len(found)} checkpoints can be read; expected at "
                "least one that is whole. Remove the run's folder to start afresh."
            )
        return 0

    def _make_manager(self) -> tf.train.CheckpointManager:
        if _listed(self.folder) is None and (found := self._found()):
            paths = [str(path) for path in reversed(found)]
            times = [path.with_name(path.name + ".index").stat().st_mtime for path in found[::-1]]
            # The manager takes over what is younger than the last argument.
            tf.compat.v1.train.update_checkpoint_state(
                str(self.folder),
                paths[-1],
                paths,
                all_model_checkpoint_timestamps=times,
                last_preserved_timestamp=0.0,
            )
        return tf.train.CheckpointManager(
            self._checkpoint,
            str(self.folder),
            max_to_keep=self._keep,
            checkpoint_name=_PREFIX,
        )

    def _found(self) -> list[Path]:
        """Paths of checkpoints without their suffix, the one to try first leading.

        Those that TensorFlow's list does not name come last: the list is written
        after a checkpoint, but may itself be lost.
        """
        listed = _listed(self.folder) or []
        on_disk = [path.with_suffix("") for path in self.folder.glob(f"{_PREFIX}-*.index")]
        return listed[::-1] + sorted(set(on_disk) - set(listed), key=_step_of, reverse=True)

    def _read(self, path: Path) -> None:
        # Opened first, since restoring takes a missing file for another architecture.
        tf.train.load_checkpoint(str(path))
        try:
            self._checkpoint.restore(str(path)).assert_existing_objects_matched().assert_consumed()
        except (AssertionError, ValueError) as error:
            raise CheckpointError(
                f"{path}: expected a checkpoint of the same architecture, but {_first_line(error)}"
            ) from error


class SaveCheckpoints(Every):
    """Saves a checkpoint every `interval` steps, after the last, and when interrupted."""

    def __init__(self, interval: int, last: int, checkpoints: Checkpoints, clock: Clock):
        super().__init__(interval, last)
        self._checkpoints = checkpoints
        self._clock = clock
        self._saved = -1

    def at(self, step, logs):
        self._checkpoints.save(self._clock.seconds())
        self._saved = step

    def on_train_end(self, logs=None):
        step = completed_steps(self.model)
        if step != self._saved:
            self.at(step, logs)


def _listed(folder: Path) -> list[Path] | None:
    """What TensorFlow's list of checkpoints names, the latest last; None where it is lost."""
    try:
        state = tf.train.get_checkpoint_state(str(folder))
    except ValueError:
        return None
    if state is None:
        return None
    # Names alone: the run may have been moved.
    return [folder / Path(path).name for path in state.all_model_checkpoint_paths]


def _by_path(variables) -> dict[str, tf.Variable]:
    return {variable.path: variable.value for variable in variables}


def _by_place(variables) -> dict[str, tf.Variable]:
    return {str(place): variable.value for place, variable in enumerate(variables)}


def _step_of(path: Path) -> int:
    number = re.search(r"-(\d+)$", path.name)
    return int(number[1]) if number else -1


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
