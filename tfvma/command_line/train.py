"""train.py: trains a preset, or goes on with a run that was stopped."""

from __future__ import annotations

import argparse
import dataclasses
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from tfvma.cluster import STRATEGIES, read_cluster
from tfvma.config import Config, check_config
from tfvma.errors import InvalidArgumentError, TfvmaError
from tfvma.overrides import apply_overrides
from tfvma.presets import STARTS, get_preset, preset_names
from tfvma.validation import check_folder_name, check_writable


def parser() -> argparse.ArgumentParser:
    """The options of train.py."""
    options = argparse.ArgumentParser(
        prog="train.py",
        description="Trains a model. The same command goes on with a run that was stopped or "
        "killed, from its last checkpoint.",
        epilog="presets: "
        + ", ".join(preset_names())
        + ". For fine-tuning, each with the --start-from that it is meant for: "
        + ", ".join(f"{name} (savedmodels/{start})" for name, start in STARTS.items()),
    )
    options.add_argument("--preset", required=True, metavar="NAME", help="what to train")
    options.add_argument(
        "--data-dir",
        metavar="DIR",
        help="the folder of tensorflow-datasets; else $TFVMA_DATA_DIR, else its own default, "
        "to which it downloads",
    )
    options.add_argument(
        "--runs-dir", default="runs", metavar="DIR", help="holds a folder per run (%(default)s)"
    )
    options.add_argument("--name", help="the run's folder in it (the preset's name)")
    options.add_argument("--steps", metavar="N", help="short for --set training.steps=N")
    options.add_argument("--seed", metavar="N", help="short for --set training.seed=N")
    options.add_argument(
        "--start-from",
        metavar="MODEL",
        help="fine-tunes a SavedModel, savedmodels/NAME: short for --set training.start_from=MODEL",
    )
    options.add_argument(
        "--set",
        action="append",
        default=[],
        dest="overrides",
        metavar="OPTION=VALUE",
        help="changes an option of the preset, such as training.learning_rate=1e-4 or "
        "model.filters=24,32; can be repeated",
    )
    options.add_argument(
        "--accept-changes",
        action="store_true",
        help="go on with a run although its configuration was another",
    )
    options.add_argument(
        "--strategy",
        choices=STRATEGIES,
        default="none",
        help="none: one device; mirrored: all GPUs of this machine; multiworker: the machines "
        "that the environment variable TF_CONFIG lists, each of which runs the same command "
        "(%(default)s). training.episodes_per_step must be a multiple of the devices",
    )
    options.add_argument(
        "--replicas",
        type=int,
        metavar="N",
        help="with --strategy mirrored: N GPUs, or without GPUs the CPU as N devices, which is "
        "for trying things out",
    )
    options.add_argument("--quiet", action="store_true", help="show no progress")
    return options


def configure(arguments: argparse.Namespace) -> Config:
    """The configuration that the options ask for; raises InvalidArgumentError."""
    name = arguments.name or arguments.preset
    config = dataclasses.replace(get_preset(arguments.preset), name=name)
    check_folder_name("--name", name)
    overrides = list(arguments.overrides)
    for option in ("steps", "seed", "start_from"):
        value, key = getattr(arguments, option), f"training.{option}"
        if value is None:
            continue
        for override in arguments.overrides:
            if override.partition("=")[0].strip() == key:
                raise InvalidArgumentError(
                    f"--{option.replace('_', '-')} {value} and --set {override}: expected one of "
                    "them."
                )
        overrides.append(f"{key}={value}")
    config = apply_overrides(config, overrides)
    check_config(config)
    return config


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs train.py; returns its exit code: 0, 2 for an error, 128 + the signal that stopped it."""
    parsed = parser().parse_args(arguments)
    try:
        return _train(parsed)
    except TfvmaError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        # Before training began, or the second one: there is nothing to save.
        return 128 + signal.SIGINT


def _train(parsed: argparse.Namespace) -> int:
    config = configure(parsed)
    cluster = read_cluster() if parsed.strategy == "multiworker" else None
    if cluster is None or cluster.is_chief:
        check_writable("--runs-dir", parsed.runs_dir)
    run_dir = Path(parsed.runs_dir) / config.name
    start = STARTS.get(parsed.preset)
    if start and not config.training.start_from and not parsed.quiet:
        print(
            f"note: preset {parsed.preset!r} is for fine-tuning, and begins from random weights "
            f"without --start-from savedmodels/{start}",
            file=sys.stderr,
        )

    # Imports TensorFlow, which takes seconds: after the arguments are known to be right.
    from tfvma.training import make_strategy, train
    from tfvma.training.threads import one_thread_per_operation

    if config.model.family == "vma":
        one_thread_per_operation()
    progress = None if parsed.quiet else sys.stderr
    if cluster is not None and progress is not None:
        print(f"waiting for all workers: {', '.join(cluster.workers)}", file=progress, flush=True)
    result = train(
        config,
        run_dir,
        parsed.data_dir,
        strategy=make_strategy(parsed.strategy, parsed.replicas),
        progress=progress,
        accept_changes=parsed.accept_changes,
    )
    if result.interrupted_by is not None:
        print(
            f"{result.interrupted_by.name}: stopped and saved at step {result.step} of "
            f"{config.training.steps}; the same command goes on from there.",
            file=sys.stderr,
        )
        return 128 + result.interrupted_by
    if cluster is not None and not cluster.is_chief:
        print(f"{config.name}: {result.step} steps; {cluster.workers[0]} has the results")
        return 0
    held_out = result.metrics.get("val_iw_bound")
    bound = "" if held_out is None else f", held-out bound {held_out:.2f} nats"
    before = "finished before, " if result.first_step == result.step else ""
    print(
        f"{config.name}: {before}{result.step} steps in {result.seconds / 60:.1f} minutes{bound}; "
        f"weights in {run_dir / 'model.weights.h5'}"
    )
    return 0
