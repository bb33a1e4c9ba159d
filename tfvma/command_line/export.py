"""export.py: a run to a SavedModel."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from tfvma.errors import InvalidArgumentError, TfvmaError
from tfvma.validation import check_writable


def parser() -> argparse.ArgumentParser:
    """The options of export.py."""
    options = argparse.ArgumentParser(
        prog="export.py",
        description="Writes the averaged weights of a run as the next version of a SavedModel "
        "that needs nothing but TensorFlow. The run may still go on.",
    )
    options.add_argument("run", metavar="RUN", help="the folder of a run, runs/NAME")
    options.add_argument(
        "--savedmodels-dir",
        default="savedmodels",
        metavar="DIR",
        help="holds a folder per model, and in it one per version (%(default)s)",
    )
    options.add_argument("--version", type=int, metavar="N", help="the next one if left out")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs export.py; returns its exit code: 0, 2 for an error, 130 for Ctrl-C."""
    parsed = parser().parse_args(arguments)
    try:
        _export(parsed)
    except TfvmaError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


def _export(parsed: argparse.Namespace) -> None:
    run_dir = Path(parsed.run)
    if not (run_dir / "config.json").is_file():
        raise InvalidArgumentError(
            f"RUN={parsed.run!r}: expected the folder of a run, with config.json in it."
        )
    check_writable("--savedmodels-dir", parsed.savedmodels_dir)

    # Imports TensorFlow, which takes seconds: after the arguments are known to be right.
    from tfvma.export import export_saved_model
    from tfvma.training.load import load_trained, training_of_run
    from tfvma.training.run_folder import RunFolder

    model, config, steps = load_trained(run_dir)
    training = training_of_run(run_dir, config, steps)
    target = export_saved_model(
        model,
        config,
        parsed.savedmodels_dir,
        version=parsed.version,
        training=training,
        log=RunFolder(run_dir).log,
    )
    print(f"SavedModel in {target}")
