"""Trains every estimator on one task, with the same seeds, steps and seconds.

    python -m tfvma.study.estimators --task recall256 --jobs 2

Each run is a process with one thread, and lies in runs/estimators/TASK/ESTIMATOR-seedS as any
run of train.py does. Stopped or killed, the same command goes on. Then

    python -m tfvma.study.report
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tfvma.config import check_config
from tfvma.errors import InvalidArgumentError, TfvmaError
from tfvma.study.tasks import TASKS, get_task, runs_of
from tfvma.validation import check_at_least, check_writable

RUNS_DIR = Path("runs/estimators")
# The task whose best estimators are trained on those tasks that name none.
BEST_OF = "recall256"


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    summary, _, epilog = __doc__.partition("\n\n")
    options = argparse.ArgumentParser(
        prog="python -m tfvma.study.estimators",
        description=summary,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("--task", choices=TASKS, required=True)
    options.add_argument(
        "--estimators",
        nargs="+",
        metavar="NAME",
        help=f"which (those that the task names, else the best three of {BEST_OF} and vimco)",
    )
    options.add_argument(
        "--seeds", nargs="+", type=int, help="which (those of the task, which the report shows)"
    )
    options.add_argument("--jobs", type=int, default=1, help="runs at a time (%(default)s)")
    options.add_argument("--runs-dir", type=Path, default=RUNS_DIR, help="(%(default)s)")
    options.add_argument("--data-dir", help="as for train.py")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command.

    Returns 0, 1 where a run failed, 2 for an error, or 128 + the signal that stopped it.
    """
    parsed = parser().parse_args(arguments)
    try:
        check_at_least("--jobs", parsed.jobs, 1)
        check_writable("--runs-dir", parsed.runs_dir)
        task = get_task(parsed.task)
        estimators = tuple(parsed.estimators or task.estimators) or _best(parsed.runs_dir)
        runs = runs_of(task, estimators, tuple(parsed.seeds or task.seeds))
        for run in runs:
            check_config(run.config)
        # Imports TensorFlow, which takes seconds: after the arguments are known to be right.
        from tfvma.study.runner import Runner

        runner = Runner(runs, parsed.runs_dir, parsed.data_dir)
    except TfvmaError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2

    return runner.run(parsed.jobs)


def _best(runs_dir: Path) -> tuple[str, ...]:
    """The best three on the task that all estimators are trained on, and vimco; none where it
    was not done.

    Raises InvalidArgumentError where some have more seeds done than others: what stands best has
    most seeds that reached a goal.
    """
    from tfvma.study.record import make_record
    from tfvma.study.standings import best

    record = make_record(runs_dir)
    if BEST_OF not in record["tasks"]:
        return ()
    task = record["tasks"][BEST_OF]
    seeds = Counter(run["estimator"] for run in task["runs"])
    fewer = sorted(name for name, count in seeds.items() if count < max(seeds.values()))
    if fewer:
        raise InvalidArgumentError(
            f"--estimators: {', '.join(fewer)} have fewer seeds of {BEST_OF} done than others, so "
            f"that the best cannot be told. Finish --task {BEST_OF}, or name the estimators."
        )
    return best(task)


if __name__ == "__main__":
    sys.exit(main())
