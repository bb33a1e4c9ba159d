"""One run of the study, in a process of its own: trains it, or goes on with it."""

from __future__ import annotations

import argparse
import fcntl
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tfvma.errors import DivergedError, TfvmaError
from tfvma.study.outcome import (
    DIVERGED,
    Outcome,
    is_done,
    is_trained,
    run_folder,
    write_end,
    write_outcome,
)
from tfvma.study.tasks import Run, get_task
from tfvma.validation import check_writable

# Steps are counted in CPU seconds, which compare only where nothing is done by several threads.
ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}


def arguments_of(run: Run, runs_dir: Path, data_dir: str | None) -> list[str]:
    """The arguments with which `main` does a run."""
    arguments = [
        *("--task", run.task.name, "--estimator", run.estimator, "--seed", str(run.seed)),
        *("--num-samples", str(run.num_samples)),
        *("--learning-rate", str(run.learning_rate), "--runs-dir", str(runs_dir)),
    ]
    return arguments if data_dir is None else [*arguments, "--data-dir", data_dir]


def main(arguments: Sequence[str] | None = None) -> int:
    """Does one run; returns 0, 2 for an error, or 128 + the signal that stopped it."""
    options = argparse.ArgumentParser(prog="python -m tfvma.study.worker", description=__doc__)
    options.add_argument("--task", required=True)
    options.add_argument("--estimator", required=True)
    options.add_argument("--seed", type=int, required=True)
    options.add_argument("--num-samples", type=int, required=True)
    options.add_argument("--learning-rate", type=float, required=True)
    options.add_argument("--runs-dir", type=Path, required=True)
    options.add_argument("--data-dir")
    parsed = options.parse_args(arguments)
    os.environ.update(ONE_THREAD)
    try:
        task = get_task(parsed.task)
        run = Run(task, parsed.estimator, parsed.seed, parsed.num_samples, parsed.learning_rate)
        return do_run(run, parsed.runs_dir, parsed.data_dir)
    except TfvmaError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def do_run(run: Run, runs_dir: Path, data_dir: str | None) -> int:
    """Trains until the run has had its steps or seconds, then measures what it has learned;
    returns as `main` does."""
    folder = check_writable("runs_dir", run_folder(runs_dir, run))
    with (folder / ".lock").open("w") as lock:
        # A worker whose parent was killed may still be at it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_trained(runs_dir, run):
            write_end(folder, None)
            code = _train(run, folder, data_dir)
            if code != 0:
                return code
        if not is_done(runs_dir, run):
            _measure(folder, data_dir)
        return 0


def _measure(folder: Path, data_dir: str | None) -> None:
    from tfvma.study.end import measure_end

    write_end(folder, measure_end(folder, data_dir))


def _train(run: Run, folder: Path, data_dir: str | None) -> int:
    from tfvma.training import train
    from tfvma.training.log import read_log

    try:
        result = train(
            run.config,
            folder,
            data_dir,
            progress=sys.stderr,
            max_cpu_seconds=run.task.cpu_seconds,
        )
    except DivergedError as error:
        print(f"diverged: {error}", file=sys.stderr)
        rows = read_log(folder / "log.csv")
        last = rows[-1] if rows else {"step": 0, "cpu_seconds": 0.0}
        write_outcome(folder, Outcome(last["step"], last["cpu_seconds"], DIVERGED))
        return 0
    if result.interrupted_by is not None:
        return 128 + result.interrupted_by
    ended_by = "steps" if result.finished else "cpu_seconds"
    write_outcome(folder, Outcome(result.step, result.cpu_seconds, ended_by))
    return 0


if __name__ == "__main__":
    sys.exit(main())
