"""Training from a configuration to a finished run, in as many goes as it takes."""

from __future__ import annotations

import dataclasses
import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TextIO

import keras
import tensorflow as tf

from tfvma import __version__, estimators
from tfvma.config import Config, TrainingConfig, check_config, memory_size
from tfvma.data.characters import load_characters
from tfvma.data.draw import Source, draw_episodes
from tfvma.data.images import load_images
from tfvma.data.turned import turned
from tfvma.data.varied_shots import vary_shots
from tfvma.data.warped import with_warped_copies
from tfvma.diagnostics import Diagnostics, diagnostic_columns
from tfvma.errors import CheckpointError, InvalidArgumentError
from tfvma.estimators import Estimator
from tfvma.models.build import build_model
from tfvma.restore_weights import start_from
from tfvma.training.atomic import replacing
from tfvma.training.checkpoints import Checkpoints, SaveCheckpoints
from tfvma.training.clock import Clock
from tfvma.training.diagnose import Diagnose
from tfvma.training.divergence import StopWhenDiverged
from tfvma.training.every import completed_steps, steps_per_execution
from tfvma.training.held_out import HeldOut, draw_held_out
from tfvma.training.interruption import StopWhenInterrupted
from tfvma.training.log import CsvLog, read_log
from tfvma.training.loop import run_steps
from tfvma.training.measurements import Measurements, columns
from tfvma.training.memory_start import check_images, start_at_images
from tfvma.training.optimizer import make_optimizer
from tfvma.training.pictures import SavePictures
from tfvma.training.pinned_start import pin_start
from tfvma.training.progress import ProgressBar, ProgressLines
from tfvma.training.run_folder import RunFolder, check_same_run, read_config, write_config
from tfvma.training.sharpen import as_drawn, draw_to_sharpen, sharpen
from tfvma.training.sole_writer import sole_writer
from tfvma.training.step_clock import StepClock
from tfvma.training.stop_after import StopAfter
from tfvma.training.strategies import check_divides, check_learns_alone, is_chief, share_of
from tfvma.training.tensorboard import TensorBoardLog
from tfvma.training.threads import side_by_side
from tfvma.training.tied_start import match_queries
from tfvma.training.workers import (
    check_alike,
    lost_workers,
    make_agreement,
    send_from_chief,
)
from tfvma.validation import check_at_least, check_writable


@dataclass(frozen=True)
class TrainingResult:
    """How a run stands.

    Attributes:
        step: steps completed.
        first_step: those that were before this go; as many where there was nothing left to do.
        seconds: of training, over all goes.
        cpu_seconds: of its steps alone, see StepClock.
        finished: whether that is all of them.
        interrupted_by: the signal that stopped it, or None.
        metrics: the latest value of each column of log.csv.
    """

    step: int
    first_step: int
    seconds: float
    cpu_seconds: float
    finished: bool
    interrupted_by: signal.Signals | None
    metrics: dict[str, float]


def train(
    config: Config,
    run_dir: str | os.PathLike,
    data_dir: str | os.PathLike | None = None,
    *,
    strategy: tf.distribute.Strategy | None = None,
    progress: TextIO | None = None,
    accept_changes: bool = False,
    max_cpu_seconds: float | None = None,
) -> TrainingResult:
    """Trains the model of `config`, or goes on with the run in `run_dir`.

    A run that was stopped, or killed, goes on from its last checkpoint and becomes
    the same, bit for bit, as one that was not. It can go on with another number of steps;
    where its learning rate depends on that, with the rate of the other schedule. SIGTERM and
    Ctrl-C save a checkpoint and return.

    A step takes `config.training.episodes_per_step` episodes. Which they are, and their
    noise, does not depend on `strategy`: on other devices the same run differs by
    the rounding of sums. Under a MultiWorkerMirroredStrategy all workers call this with the
    same arguments; the first alone reads and writes `run_dir`, and a signal to one stops all.

    Args:
        config: the experiment.
        run_dir: takes config.json, log.csv, checkpoints/, pictures/, tensorboard/,
            diagnostics.csv if asked for, and model.weights.h5 (the averaged weights) once
            finished.
        data_dir: as in `load_characters` and `load_images`.
        strategy: the devices, see `make_strategy`; None for one.
        progress: where progress is shown, a bar on a terminal and else lines;
            None shows nothing.
        accept_changes: go on with a run of another configuration.
        max_cpu_seconds: stops, with a checkpoint, once the steps have taken so many CPU
            seconds, over all goes; None for no limit.

    Raises:
        InvalidArgumentError: for values that cannot work.
        DataError: when the data is missing, damaged, or too little.
        OutputError: when `run_dir` cannot be written to, or another process is training there.
        CheckpointError: when `run_dir` holds a run of another configuration, weights without
            checkpoints, or checkpoints of which none can be read; when the SavedModel to
            start from is missing, damaged, or of another architecture.
        DivergedError: when the loss is no longer finite.
        WorkerLostError: when another worker has stopped or cannot be reached.
    """
    check_config(config)
    estimator = _checked_estimator(config)
    if max_cpu_seconds is not None:
        check_at_least("max_cpu_seconds", max_cpu_seconds, 0.0)
    strategy = strategy or tf.distribute.get_strategy()
    check_divides(config, strategy)
    if estimator is not None:
        check_learns_alone(estimator, strategy)
    chief = is_chief(strategy)
    folder = RunFolder(check_writable("run_dir", run_dir) if chief else run_dir)
    with sole_writer(folder.path) if chief else nullcontext():
        return _train(config, folder, data_dir, strategy, progress, accept_changes, max_cpu_seconds)


def _train(
    config: Config,
    folder: RunFolder,
    data_dir: str | os.PathLike | None,
    strategy: tf.distribute.Strategy,
    progress: TextIO | None,
    accept_changes: bool,
    max_cpu_seconds: float | None,
) -> TrainingResult:
    everywhere, chief = config, is_chief(strategy)
    if chief:
        config = pin_start(config, folder)
        # One that stopped before its first checkpoint left nothing to go on with.
        if folder.has_weights and not accept_changes:
            check_same_run(folder, config)
    train_set, test_set = (load_source(config, split, data_dir) for split in ("train", "test"))
    if config.training.memory_start == "images":
        check_images(config.model.memory_size, train_set)
    held_out_episodes = draw_held_out(config, test_set)

    agree = make_agreement(strategy)
    with lost_workers(strategy), StopWhenInterrupted(agree) as interruption:
        check_alike(strategy, _describe(everywhere, train_set))
        keras.utils.set_random_seed(config.training.seed)
        with strategy.scope():
            model = compiled_model(config)
            checkpoints = Checkpoints(folder.checkpoints, model)
        if chief and checkpoints.restore() == 0:
            _check_new(folder)
            _start(model, config.training, train_set, progress)
        send_from_chief(strategy, checkpoints.variables)
        first, last = completed_steps(model), config.training.steps
        step_clock = StepClock(_cpu_seconds(folder, first) if chief else 0.0)
        if first > last:
            raise InvalidArgumentError(
                f"training.steps={last}: expected at least {first}, the step that {folder.path} "
                "has reached."
            )
        if first < last:
            groups = _training_episodes(config, train_set, first, strategy)
            writing = _writing(config, folder, checkpoints, held_out_episodes, step_clock, progress)
            stopping = [interruption]
            if max_cpu_seconds is not None:
                stopping.append(StopAfter(max_cpu_seconds, step_clock, agree))
            with writing if chief else nullcontext([]) as callbacks:
                run_steps(model, strategy, groups, last, [step_clock, *callbacks, *stopping])
        model.optimizer.finalize_variable_values(model.trainable_variables)
        step = completed_steps(model)
        finished = step == last
        if chief and finished:
            finished = _keep_weights(model, config, folder, data_dir, interruption, progress)

    return TrainingResult(
        step=step,
        first_step=first,
        seconds=float(checkpoints.seconds.numpy()),
        cpu_seconds=step_clock.cpu_seconds,
        finished=finished,
        interrupted_by=None if finished else interruption.received,
        metrics=_latest(folder) if chief else {},
    )


def _check_new(folder: RunFolder) -> None:
    """Raises CheckpointError for a finished run without checkpoints, which a new one would
    overwrite."""
    if folder.weights.exists():
        raise CheckpointError(
            f"{folder.weights}: the weights of a finished run, with no checkpoint in "
            f"{folder.checkpoints.name}/ to go on from; expected another --name, or that the "
            "folder is moved away."
        )


def compiled_model(config: Config, precision: str | None = None) -> keras.Model:
    """The model of `config` with its optimizer, and its estimator where it has an address."""
    model = build_model(config, precision)
    training = config.training
    addressing = {
        "estimator": training.estimator,
        "latent_gradient": training.latent_gradient,
        "backward": training.backward,
        "slices": side_by_side(),
    }
    model.compile(
        make_optimizer(training),
        **(addressing if config.model.family == "vma" else {}),
        latent_warmup=training.latent_warmup,
        steps_per_execution=steps_per_execution(dataclasses.astuple(config.intervals)),
    )
    return model


def _checked_estimator(config: Config) -> Estimator | None:
    """That of a model with an address; raises InvalidArgumentError where it cannot work with K
    or with the memory."""
    if config.model.family != "vma":
        return None
    estimator = estimators.get(config.training.estimator)
    estimator.check(config.training.num_samples, memory_size(config))
    varied = config.episodes.varied_shots
    if varied and estimator.needs_memory_size:
        raise InvalidArgumentError(
            f"episodes.varied_shots={varied}: expected (), the default, with training.estimator="
            f"{config.training.estimator!r}, which reads a memory of one size; or an estimator "
            "that only samples, such as 'vimco'."
        )
    return estimator


def _start(
    model: keras.Model, training: TrainingConfig, train_set: Source, progress: TextIO | None
) -> None:
    """What a new run has in the place of weights drawn at random."""
    if training.start_from:
        _start_from(model, training.start_from, train_set, progress)
    if training.memory_start == "images":
        start_at_images(model.memory, train_set, training.seed)


def _start_from(
    model: keras.Model, saved_model: str, train_set: Source, progress: TextIO | None
) -> None:
    addressing = getattr(model, "addressing", None)
    try:
        started = start_from(model, saved_model)
        if addressing is not None and addressing.query_embedding is None:
            match_queries(addressing, saved_model, train_set)
    except CheckpointError as error:
        raise CheckpointError(f"training.start_from={saved_model!r}: {error}") from error
    if progress is None:
        return
    if started.given < len(model.weights):
        print(
            f"{started.given} of {len(model.weights)} weights are {saved_model}'s.", file=progress
        )
    if started.widened:
        print(
            f"{started.widened} of {len(model.weights)} weights are wider than {saved_model}'s: "
            "new units are not read yet.",
            file=progress,
        )


def _keep_weights(
    model: keras.Model,
    config: Config,
    folder: RunFolder,
    data_dir: str | os.PathLike | None,
    interruption: StopWhenInterrupted,
    progress: TextIO | None,
) -> bool:
    """Writes the weights of a finished run, where they are not there or were sharpened for
    another K; whether that was not interrupted."""
    kept, num_samples = read_config(folder), config.training.sharpened_for
    if kept.training.sharpened_for != num_samples:
        folder.weights.unlink(missing_ok=True)
    # Steps too: a run can be finished where it had stopped.
    training = dataclasses.replace(
        kept.training, sharpened_for=num_samples, steps=config.training.steps
    )
    if training != kept.training:
        write_config(folder, dataclasses.replace(kept, training=training))
    if folder.weights.exists():
        return True
    if num_samples > 0:
        source = load_source(as_drawn(config), "train", data_dir)
        factor = sharpen(
            model,
            draw_to_sharpen(config, source),
            num_samples,
            stop=lambda: interruption.received is not None,
            progress=progress,
        )
        if factor is None:
            return False
        if progress is not None:
            print(f"logits times {factor:.2f}, for K={num_samples}", file=progress)
    with replacing(folder.weights, suffix=".weights.h5") as beside:
        model.save_weights(beside)
    return True


def load_source(config: Config, split: str, data_dir: str | os.PathLike | None) -> Source:
    """What episodes of a split are drawn from; raises as `train` does."""
    load = load_characters if config.episodes.kind == "few_shot" else load_images
    source = load(config.episodes.dataset, split, data_dir)
    size = config.model.image_size
    if source.image_shape != (size, size, 1):
        raise InvalidArgumentError(
            f"model.image_size={size}: expected {source.image_shape[0]}, the size of the "
            f"images of {config.episodes.dataset!r}."
        )
    drawn = config.episodes
    if split == "train" and drawn.warped_copies > 0:
        source = with_warped_copies(source, drawn.warped_copies, data_dir, drawn.warped_alike)
    return turned(source) if drawn.turned and split == "train" else source


def _training_episodes(config: Config, source: Source, step: int, strategy: tf.distribute.Strategy):
    """From `step` on: for each step and replica its share of the episodes, stacked.

    Step s takes the episodes s * episodes_per_step and following.
    """
    drawn, training = config.episodes, config.training

    def draw(context: tf.distribute.InputContext) -> tf.data.Dataset:
        groups = draw_episodes(
            drawn,
            source,
            seed=training.seed,
            start=step * training.episodes_per_step,
            share=share_of(config, context),
        ).batch(training.episodes_per_step // strategy.num_replicas_in_sync, drop_remainder=True)
        if not drawn.varied_shots:
            return groups
        return vary_shots(
            groups,
            drawn.varied_shots,
            drawn.num_classes,
            training.seed,
            step,
            groups_per_step=strategy.num_replicas_in_sync // context.num_input_pipelines,
        )

    return strategy.distribute_datasets_from_function(draw)


def _describe(config: Config, source: Source) -> str:
    """What must be the same in all workers."""
    return f"{__version__} {config} {source.checksum}"


@contextmanager
def _writing(
    config: Config,
    folder: RunFolder,
    checkpoints: Checkpoints,
    held_out_episodes: tf.data.Dataset,
    step_clock: StepClock,
    progress: TextIO | None,
) -> Iterator[list[keras.callbacks.Callback]]:
    """Callbacks that fill the run's folder, in the order in which they act: what is measured
    precedes what is saved."""
    model, every, steps = checkpoints.model, config.intervals, config.training.steps
    folder.weights.unlink(missing_ok=True)
    write_config(folder, config)
    log = CsvLog(folder.log, columns(model), completed_steps(model))
    held_out = HeldOut(held_out_episodes, model)
    clock = Clock(float(checkpoints.seconds.numpy()))
    with _progress(progress, steps) as shown:
        sinks = [log, TensorBoardLog(folder.tensorboard), *shown]
        yield [
            StopWhenDiverged(checkpoints),
            Measurements(every.log, every.validation, steps, held_out, clock, step_clock, sinks),
            SavePictures(every.picture, steps, folder.pictures, held_out.entries()),
            *_diagnose(config, folder, model, held_out_episodes),
            SaveCheckpoints(every.checkpoint, steps, checkpoints, clock),
            *shown,
        ]


def _diagnose(
    config: Config, folder: RunFolder, model: keras.Model, held_out_episodes: tf.data.Dataset
) -> list[Diagnose]:
    if config.intervals.diagnostics == 0:
        return []
    log = CsvLog(folder.diagnostics, diagnostic_columns(model), completed_steps(model))
    diagnostics = Diagnostics(model, next(iter(held_out_episodes)))
    return [Diagnose(config.intervals.diagnostics, diagnostics, log, config.training.steps)]


@contextmanager
def _progress(stream: TextIO | None, steps: int) -> Iterator[list[keras.callbacks.Callback]]:
    if stream is None:
        yield []
        return
    shown = ProgressBar(steps, stream) if stream.isatty() else ProgressLines(steps, stream)
    with closing(shown):
        yield [shown]


def _cpu_seconds(folder: RunFolder, step: int) -> float:
    """Those of the steps up to `step`, as far as they are logged: what a step takes between a
    row and a checkpoint that an interruption left is not counted."""
    rows = [row for row in read_log(folder.log) if row["step"] <= step]
    return max((row["cpu_seconds"] for row in rows if "cpu_seconds" in row), default=0.0)


def _latest(folder: RunFolder) -> dict[str, float]:
    latest: dict[str, float] = {}
    for row in read_log(folder.log):
        latest.update(row)
    return latest
