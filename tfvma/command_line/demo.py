"""tfvma-demo: trains, scores, draws and exports a small model on characters made on the spot."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

from tfvma.config import Config
from tfvma.errors import TfvmaError
from tfvma.evaluation.protocols import AnyProtocol, choose_protocols
from tfvma.presets import get_preset
from tfvma.validation import check_at_least, check_writable

_PRESET = "strokes_vma_4shot"
# Fewer samples and episodes than evaluate.py takes, so that all is done within minutes.
_SETTINGS = {"num_samples": (4, 64), "num_episodes": 100}


def parser() -> argparse.ArgumentParser:
    """The options of tfvma-demo."""
    options = argparse.ArgumentParser(
        prog="tfvma-demo",
        description=f"Trains {_PRESET} for a few minutes on characters made on the spot, scores "
        "it, and writes a report and a SavedModel. Nothing is downloaded. Stopped or killed, the "
        "same command goes on from the last checkpoint.",
    )
    options.add_argument(
        "--report", default="report", metavar="DIR", help="takes index.html (%(default)s)"
    )
    options.add_argument(
        "--savedmodels-dir", metavar="DIR", help="takes the SavedModel (savedmodels/ in the report)"
    )
    options.add_argument(
        "--runs-dir", default="runs", metavar="DIR", help="holds the run (%(default)s)"
    )
    options.add_argument("--steps", type=int, metavar="N", help="of training (the preset's)")
    options.add_argument("--quiet", action="store_true", help="show no progress")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the demo; returns its exit code: 0, 2 for an error, 128 + the signal that stopped it."""
    parsed = parser().parse_args(arguments)
    try:
        return _demonstrate(parsed)
    except TfvmaError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted: the same command goes on after the training.", file=sys.stderr)
        return 130


def _demonstrate(parsed: argparse.Namespace) -> int:
    config = get_preset(_PRESET)
    if parsed.steps is not None:
        check_at_least("--steps", parsed.steps, 1)
        training = dataclasses.replace(config.training, steps=parsed.steps)
        config = dataclasses.replace(config, training=training)
    savedmodels = Path(parsed.savedmodels_dir or Path(parsed.report) / "savedmodels")
    check_writable("--runs-dir", parsed.runs_dir)
    check_writable("--report", parsed.report)
    check_writable("--savedmodels-dir", savedmodels)
    protocols = choose_protocols("all", _SETTINGS)
    run_dir = Path(parsed.runs_dir) / config.name
    return _train_and_show(config, protocols, run_dir, savedmodels, parsed)


def _train_and_show(
    config: Config,
    protocols: Sequence[AnyProtocol],
    run_dir: Path,
    savedmodels: Path,
    parsed: argparse.Namespace,
) -> int:
    # Imports TensorFlow, which takes seconds: after the arguments are known to be right.
    from tfvma.data.characters import load_characters
    from tfvma.evaluation.evaluate import evaluate, illustrate
    from tfvma.evaluation.metrics_file import merge_versions, write_rows
    from tfvma.evaluation.model_source import ModelSource
    from tfvma.evaluation.report import Report, write_report
    from tfvma.evaluation.table import format_table
    from tfvma.evaluation.trained_model import load_model
    from tfvma.export import export_saved_model
    from tfvma.kinds import kind_of
    from tfvma.model_card import write_model_card
    from tfvma.training import train
    from tfvma.training.provenance import Training
    from tfvma.training.run_folder import RunFolder

    progress = None if parsed.quiet else sys.stderr
    print(f"Training {config.name} in {run_dir}", file=sys.stderr)
    trained = train(config, run_dir, progress=progress)
    if trained.interrupted_by is not None:
        print(
            f"{trained.interrupted_by.name}: stopped and saved at step {trained.step}; the same "
            "command goes on from there.",
            file=sys.stderr,
        )
        return 128 + trained.interrupted_by

    model = load_model(ModelSource(run_dir, None))
    characters = load_characters(config.episodes.dataset, "test")
    rows = evaluate(
        model, characters, protocols, seed=0, command=_command(run_dir), progress=progress
    )
    rows, _ = merge_versions(run_dir / "metrics.json", model.trained, rows)
    illustrations = illustrate(model, characters, rows, seed=0)
    kind = kind_of(model.scorer)
    report = Report(model.config, kind, model.steps, model.minutes, rows, illustrations)
    page = write_report(parsed.report, report)
    exported = export_saved_model(
        model.scorer,
        model.config,
        savedmodels,
        training=Training(model.steps, model.minutes, (model.config,)),
        log=RunFolder(run_dir).log,
    )
    write_rows(exported.parent / "metrics.json", rows)
    write_model_card(exported.parent)
    print(format_table(rows))
    print(f"report      {page}\nSavedModel  {exported}\nrun         {run_dir}")
    return 0


def _command(run_dir: Path) -> str:
    """What scores the run in the same way."""
    samples = " ".join(map(str, _SETTINGS["num_samples"]))
    return f"evaluate.py {run_dir} --num-samples {samples} --episodes {_SETTINGS['num_episodes']}"
