"""Compares the gradients of all estimators at the same weights: those of one run of vimco.

    python -m tfvma.study.gradients --task recall256

Trains vimco in runs/estimators/TASK/gradients to each step that the task names, with the same
seed, and there takes the gradients of every estimator of the task. Stopped or killed, the same
command goes on.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from tfvma.errors import InvalidArgumentError, TfvmaError
from tfvma.study.estimators import RUNS_DIR
from tfvma.study.tasks import TASKS, Run, get_task, runs_of
from tfvma.validation import check_writable

REFERENCE = "vimco"
# Baselines learn on so many training episodes before their gradients are judged.
_LESSONS = 200


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns 0, 2 for an error, or 128 + the signal that stopped it."""
    summary, _, epilog = __doc__.partition("\n\n")
    options = argparse.ArgumentParser(
        prog="python -m tfvma.study.gradients",
        description=summary,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("--task", choices=TASKS, required=True)
    options.add_argument("--runs-dir", type=Path, default=RUNS_DIR, help="(%(default)s)")
    options.add_argument("--data-dir", help="as for train.py")
    parsed = options.parse_args(arguments)
    try:
        task = get_task(parsed.task)
        if not task.diagnosed_at:
            raise InvalidArgumentError(
                f"--task={task.name!r}: expected a task with steps to compare gradients at."
            )
        folder = check_writable("--runs-dir", gradients_folder(parsed.runs_dir, task.name))
        (reference,) = runs_of(task, (REFERENCE,), task.seeds[:1])
        return _compare(reference, folder, parsed.data_dir)
    except TfvmaError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def gradients_folder(runs_dir: Path, task: str) -> Path:
    """Where the rows lie: <step>-<estimator>.json."""
    return runs_dir / task / "gradients"


def _compare(reference: Run, folder: Path, data_dir: str | None) -> int:
    # Imports TensorFlow, which takes seconds: after the arguments are known to be right.
    from tfvma.study.outcome import write_json
    from tfvma.training import train

    for step in reference.task.diagnosed_at:
        missing = {
            estimator: path
            for estimator in reference.task.estimators
            if not (path := folder / f"{step}-{estimator}.json").exists()
        }
        if not missing:
            continue
        # A run for each step, so that an estimator that comes later finds its weights.
        at_step = folder / f"run-{step}"
        training = dataclasses.replace(reference.config.training, steps=step)
        config = dataclasses.replace(reference.config, training=training)
        result = train(config, at_step, data_dir, progress=sys.stderr)
        if result.interrupted_by is not None:
            return 128 + result.interrupted_by
        for estimator, path in missing.items():
            run = dataclasses.replace(reference, estimator=estimator)
            measured = measure(run, at_step, data_dir)
            # A gradient without noise has no ratio, and JSON no infinity.
            finite = {
                name: value if math.isfinite(value) else None for name, value in measured.items()
            }
            row = {"step": step, "estimator": estimator, **finite}
            write_json(path, row)
            print(json.dumps(row), file=sys.stderr, flush=True)
    return 0


def measure(run: Run, reference: Path, data_dir: str | None) -> dict[str, float]:
    """What Diagnostics measures of the estimator of `run`, at the last weights of `reference`.

    Estimators with a baseline have it learn first, on training episodes, with these weights.
    """
    import keras
    import tensorflow as tf

    from tfvma.data.draw import draw_episodes
    from tfvma.diagnostics import Diagnostics
    from tfvma.sampling import fold_in
    from tfvma.training.checkpoints import Checkpoints
    from tfvma.training.held_out import draw_held_out
    from tfvma.training.run import compiled_model, load_source
    from tfvma.training.run_folder import RunFolder, read_config

    keras.utils.clear_session()
    # Of the baselines, which start afresh.
    keras.utils.set_random_seed(run.seed)
    folder = RunFolder(reference)
    trained = compiled_model(read_config(folder))
    step = Checkpoints(folder.checkpoints, trained).restore()
    model = compiled_model(run.config)
    model.optimizer.build(model.trainable_variables)
    model.optimizer.iterations.assign(step)
    model.set_weights(trained.get_weights())

    if model.estimator_state:
        learn = tf.function(
            lambda episode, seed: model.gradients(episode, [seed, fold_in(seed, 1)])
        )
        source = load_source(run.config, "train", data_dir)
        lessons = draw_episodes(
            run.config.episodes, source, seed=run.seed, start=step, num_episodes=_LESSONS
        )
        for index, episode in enumerate(lessons):
            learn(episode, tf.constant([run.seed, index]))
    held_out = draw_held_out(run.config, load_source(run.config, "test", data_dir))
    return Diagnostics(model, next(iter(held_out))).measure()


if __name__ == "__main__":
    sys.exit(main())
