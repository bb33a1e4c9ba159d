"""What the command lines of benchmarks have in common."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tfvma.errors import TfvmaError
from tfvma.validation import check_at_least, check_writable


def new_parser(name: str, what: str, rounds: int, quick: str) -> argparse.ArgumentParser:
    """Options of `python -m benchmarks.<name>`: --rounds, --output and --quick.

    None has a value when it is left out, until `fill_in` gives it one.

    Args:
        name: of the module.
        what: the docstring of the module, which begins with a line on what it does.
        rounds: how many there are without --quick.
        quick: what --quick measures.
    """
    options = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}", description=what.partition("\n")[0]
    )
    options.add_argument(
        "--rounds", type=int, metavar="N", help=f"times that each has its turn ({rounds})"
    )
    options.add_argument(
        "--output", type=Path, metavar="FILE", help="where to write the rows, as JSON"
    )
    options.add_argument(
        "--quick",
        action="store_true",
        help=f"only see that it runs: {quick}, nothing written by default",
    )
    return options


def fill_in(
    options: argparse.Namespace, full: Mapping[str, Any], quick: Mapping[str, Any]
) -> argparse.Namespace:
    """Gives options that were left out their values, those of `quick` with --quick.

    Raises InvalidArgumentError for a count below 1, OutputError where a file cannot be written.
    """
    for name, value in (quick if options.quick else full).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    for name, value in vars(options).items():
        flag = f"--{name.replace('_', '-')}"
        if isinstance(value, Path):
            check_writable(flag, value.parent)
        for count in value if isinstance(value, (list, tuple)) else [value]:
            if type(count) is int:
                check_at_least(flag, count, 1)
    return options


def run_command(run: Callable[[], None]) -> int:
    """Runs a benchmark; returns its exit code, 2 after an error that it names."""
    try:
        run()
    except TfvmaError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def listed(values: Sequence[object]) -> str:
    """Values as they are given on a command line."""
    return " ".join(map(str, values))
