"""A trained model to a SavedModel that needs nothing but TensorFlow."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import inspect
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfvma.config import Config, options
from tfvma.errors import DivergedError, InvalidArgumentError, OutputError
from tfvma.evaluation.metrics_file import read_rows
from tfvma.kinds import DEFAULT_SIGNATURE, kind_of
from tfvma.layer_options import differing_option
from tfvma.model_card import write_model_card
from tfvma.models.build import build_model
from tfvma.models.episodic import EpisodicModel
from tfvma.servable import list_versions
from tfvma.training.provenance import Training, write_training
from tfvma.training.run_folder import RunFolder, read_config, write_config
from tfvma.validation import check_at_least, check_folder_name, check_writable

# The method behind each signature that has another name: `memory` is a layer of the model.
_METHODS = {"memory": "entry_at"}
# Servers that watch the folder look at whole numbers only.
_UNFINISHED = ".tmp-"


def export_saved_model(
    model: EpisodicModel,
    config: Config,
    directory: str | os.PathLike = "savedmodels",
    name: str | None = None,
    version: int | None = None,
    training: Training | None = None,
    log: str | os.PathLike | None = None,
) -> Path:
    """Writes directory/name/version/, with config.json and the model card in directory/name/.

    The SavedModel has the signatures of its kind in `tfvma.kinds.KINDS`, of which "score" is
    the default, and computes in float32 whatever the model was trained in.
    It appears under its version all at once. metrics.json is left as it is.

    Args:
        model: with the weights to serve: the averaged ones, where there are such.
        config: what the model was built from.
        directory: holds a folder for each name; made when needed.
        name: config.name when left out.
        version: the next one when left out.
        training: how the weights came about, for the card and for later reports; left out for
            weights that train.py did not make, of which the card then says so.
        log: the log.csv of the run, kept with the version for its learning curves.

    Returns:
        The folder of the version.

    Raises:
        InvalidArgumentError: for a name that is a path, a version that exists, or a model or
            earlier version of another architecture than `config`, as with layers of a user's own.
        DivergedError: for weights that are not finite.
        CheckpointError: where the config.json of earlier versions is missing or damaged.
        OutputError: where the folder cannot be written to, or holds a damaged metrics.json.
    """
    name = config.name if name is None else name
    check_folder_name("name", name)
    config = dataclasses.replace(config, name=name)
    home = Path(directory) / name
    _check_version(home, version)
    _check_same_architecture(home, config)
    if home.is_dir():
        # The card, which is written last, shows it: what is wrong is better found at once.
        read_rows(home / "metrics.json")
    serving = _float32_copy(model, config)

    check_writable("directory", directory)
    try:
        with _unfinished_folder(home) as folder:
            _save(serving, folder)
            write_training(folder, training or Training(), log)
            write_config(RunFolder(home), config)
            target = _publish(folder, home, version)
        write_model_card(home, measured=False)
    except (OSError, tf.errors.OpError) as error:
        reason = getattr(error, "strerror", None) or str(error).strip().partition("\n")[0]
        raise OutputError(
            f"directory={str(directory)!r}: the SavedModel cannot be written ({reason})."
        ) from error
    return target


def _save(model: EpisodicModel, folder: Path) -> None:
    functions = _serving_functions(model)
    tf.saved_model.save(
        _Weights(model),
        str(folder),
        signatures={**functions, "serving_default": functions[DEFAULT_SIGNATURE]},
    )


class _Weights(tf.Module):
    """All that a SavedModel keeps of a model: the functions find their weights here."""

    def __init__(self, model: EpisodicModel):
        super().__init__()
        self.weights = {weight.path: weight.value for weight in model.weights}


def _serving_functions(
    model: EpisodicModel,
) -> dict[str, tf.types.experimental.PolymorphicFunction]:
    specs = _input_specs(model)
    return {
        name: _serving_function(model, _METHODS.get(name, name), [specs[key] for key in keys])
        for name, keys in kind_of(model).signatures.items()
    }


def _input_specs(model: EpisodicModel) -> dict[str, tf.TensorSpec]:
    images = ([None, *model.image_shape], tf.float32)
    inputs = {
        "x": images,
        "memory": images,
        "z": ([None, model.latent_dim], tf.float32),
        "index": ([None], tf.int32),
        "count": ([], tf.int32),
        "num_samples": ([], tf.int32),
        "seed": ([2], tf.int32),
        "memory_label": ([None], tf.int32),
        "ways": ([], tf.int32),
    }
    if model.has_address:
        inputs["entry"] = ([None, *model.entry_shape], tf.float32)
    return {name: tf.TensorSpec(*spec, name=name) for name, spec in inputs.items()}


def _serving_function(
    model: EpisodicModel, method: str, specs: Sequence[tf.TensorSpec]
) -> tf.types.experimental.PolymorphicFunction:
    """The method as a function of these inputs, by name; a memory that is none of them is None."""
    function = getattr(model, method)
    absent = dict.fromkeys(set(inspect.signature(function).parameters) - {s.name for s in specs})

    def serve(*inputs):
        named = {spec.name: tensor for spec, tensor in zip(specs, inputs, strict=True)}
        return function(**named, **absent)

    return tf.function(serve, input_signature=specs, autograph=False)


def _float32_copy(model: EpisodicModel, config: Config) -> EpisodicModel:
    copy = build_model(config, precision="float32")
    differing = _difference(model, copy)
    if differing:
        raise InvalidArgumentError(
            f"model: expected the architecture of config {config.name!r}, but {differing}."
        )
    for name in copy.LAYERS:
        # In their order: those of a reloaded model have other paths.
        weights = getattr(model, name).weights
        for weight, target in zip(weights, getattr(copy, name).weights, strict=True):
            value = np.asarray(weight)
            if not np.all(np.isfinite(value)):
                raise DivergedError(
                    f"model: {target.path} is not finite; expected trained weights."
                )
            target.assign(value)
    return copy


def _difference(model: EpisodicModel, expected: EpisodicModel) -> str:
    """The first thing that two models do not have in common, in words; "" where there is none."""
    # A subclass may compute something else.
    if type(model) is not type(expected):
        return f"it is {type(model).__name__} and not {type(expected).__name__}"
    for name in expected.LAYERS:
        layer, wanted = getattr(model, name), getattr(expected, name)
        differing = differing_option(layer, wanted, name)
        if differing:
            return differing
        # As where one layer stands in two places.
        if len(layer.weights) != len(wanted.weights):
            return f"{name} has {len(layer.weights)} weights and not {len(wanted.weights)}"
        for weight, target in zip(layer.weights, wanted.weights, strict=True):
            if weight.shape != target.shape:
                return f"{target.path} is {list(weight.shape)} and not {list(target.shape)}"
    return ""


def _check_version(home: Path, version: int | None) -> None:
    if version is None:
        return
    check_at_least("version", version, 1)
    if (home / str(version)).exists():
        raise _version_exists(home, version)


def _version_exists(home: Path, version: int) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"version={version}: {home / str(version)} exists; expected a new one, such as "
        f"{_next_version(home)}."
    )


def _next_version(home: Path) -> int:
    return max(list_versions(home), default=0) + 1


def _check_same_architecture(home: Path, config: Config) -> None:
    """Versions of one name share config.json, and with it the network."""
    if not list_versions(home):
        return
    there, here = options(read_config(RunFolder(home))), options(config)
    differing = [
        f"{key} is {there[key]!r} there and {here[key]!r} here"
        for key in here
        if key.startswith("model.") and there[key] != here[key]
    ]
    if differing:
        raise InvalidArgumentError(
            f"name={config.name!r}: {home} holds versions of another architecture: "
            f"{'; '.join(differing)}. Expected another name."
        )


@contextmanager
def _unfinished_folder(home: Path) -> Iterator[Path]:
    """A folder beside the versions that nobody takes for one; gone when the block ends."""
    home.mkdir(exist_ok=True)
    _remove_leftovers(home)
    folder = home / f"{_UNFINISHED}{os.getpid()}"
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        # Only where this export was the first one, and failed.
        with contextlib.suppress(OSError):
            home.rmdir()


def _remove_leftovers(home: Path) -> None:
    """What exporters left behind that were killed."""
    for folder in home.glob(f"{_UNFINISHED}*"):
        owner = folder.name.removeprefix(_UNFINISHED)
        if owner.isdecimal() and (int(owner) == os.getpid() or not _is_running(int(owner))):
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _publish(folder: Path, home: Path, version: int | None) -> Path:
    """Renames `folder` to its version: the one asked for, or the next one."""
    while True:
        target = home / str(_next_version(home) if version is None else version)
        try:
            return folder.rename(target)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
            # Another export was faster.
            if version is not None:
                raise _version_exists(home, version) from error
