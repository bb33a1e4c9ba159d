"""When runs reached a bound on held-out characters, read from their logs.

    python -m benchmarks.time_to_bound runs/NAME ... --bound -80

See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.results_file import markdown_table
from tfvma.errors import InvalidArgumentError, TfvmaError

_COLUMNS = ("run", "optimizer", "steps", "minutes", "best", "at step", "of steps", "of minutes")


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(
        prog="python -m benchmarks.time_to_bound", description=__doc__.partition("\n")[0]
    )
    options.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="runs/NAME")
    options.add_argument(
        "--bound", type=float, default=-80.0, metavar="NATS", help="held out, L_4 (%(default)s)"
    )
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; returns the exit code."""
    options = parser().parse_args(arguments)
    try:
        print(markdown_table(_COLUMNS, [line(run, options.bound) for run in options.runs]))
    except TfvmaError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def line(run: Path, bound: float) -> list[str]:
    """The cells of one run; raises InvalidArgumentError where it has measured no bound."""
    from tfvma.training.log import read_log
    from tfvma.training.run_folder import RunFolder, read_config

    folder = RunFolder(run)
    config = read_config(folder)
    rows = [row for row in read_log(folder.log) if "val_iw_bound" in row]
    if not rows:
        raise InvalidArgumentError(f"RUN={str(run)!r}: expected a run with held-out bounds.")
    reached = first_reaching(rows, bound)
    best = max(rows, key=lambda row: row["val_iw_bound"])
    return [
        config.name,
        config.training.optimizer,
        f"{reached['step']:,.0f}" if reached else "not reached",
        f"{reached['seconds'] / 60:.1f}" if reached else "",
        f"{best['val_iw_bound']:.2f}",
        f"{best['step']:,.0f}",
        f"{rows[-1]['step']:,.0f}",
        f"{rows[-1]['seconds'] / 60:.1f}",
    ]


def first_reaching(rows: Sequence[Mapping[str, float]], bound: float) -> Mapping | None:
    """The first row with a held-out bound of at least `bound`, or None."""
    return next((row for row in rows if row["val_iw_bound"] >= bound), None)


if __name__ == "__main__":
    sys.exit(main())
