"""Times training steps with gradients through all samples, and through a drawn one.

    python -m benchmarks.backward

See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.command import fill_in, listed, new_parser, run_command
from benchmarks.results_file import markdown_table, report
from benchmarks.setting import Setting
from benchmarks.step_time import make_row, measure
from benchmarks.timing import cells_of_times
from tfvma.presets import get_preset

_PRESET = "omniglot26_vma_4shot"
_MEMORY_SIZES = (16, 32, 128, 512)
_SIZE_IN_BFLOAT16 = 128
_RESULTS = Path(__file__).parent / "results" / "backward.json"
_BACKWARD = ("all_samples", "drawn_sample")
_COLUMNS = ("backward", "M", "precision", "ms", "quartiles", "min", "floor, ms", "ratio")
_FULL = {"memory_sizes": _MEMORY_SIZES, "rounds": 5, "steps": 10, "output": _RESULTS}
_QUICK = {"memory_sizes": [32], "rounds": 1, "steps": 2}


def parser() -> argparse.ArgumentParser:
    options = new_parser("backward", __doc__, _FULL["rounds"], quick="1 round of 2 steps")
    options.add_argument(
        "--memory-sizes",
        type=int,
        nargs="+",
        metavar="M",
        help=f"entries in memory ({listed(_MEMORY_SIZES)})",
    )
    options.add_argument(
        "--steps", type=int, metavar="N", help=f"timed steps in each turn ({_FULL['steps']})"
    )
    return options


def settings(memory_sizes: Sequence[int]) -> list[Setting]:
    """Both ways at every memory size, and at one in mixed_bfloat16 too."""
    return [
        Setting("tfvma", memory_size, precision=precision, backward=backward)
        for memory_size, precision in (
            *((memory_size, "float32") for memory_size in memory_sizes),
            (_SIZE_IN_BFLOAT16, "mixed_bfloat16"),
        )
        for backward in _BACKWARD
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; returns its exit code."""
    options = parser().parse_args(arguments)
    return run_command(lambda: run(resolve(options)))


def resolve(options: argparse.Namespace) -> argparse.Namespace:
    """Fills in what was not given; raises InvalidArgumentError or OutputError."""
    return fill_in(options, _FULL, _QUICK)


def run(options: argparse.Namespace) -> None:
    """Measures, prints the table, and writes it where `options.output` says."""
    config = get_preset(_PRESET)
    milliseconds, rate = measure(
        config, settings(options.memory_sizes), options.rounds, options.steps
    )
    rows = [make_row(config, setting, times, rate) for setting, times in milliseconds.items()]
    report(table(rows), rows, rate, options.output)


def table(rows: Sequence[dict]) -> str:
    """The rows as a Markdown table."""
    return markdown_table(
        _COLUMNS,
        [
            (
                row["backward"].replace("_", " "),
                str(row["memory_size"]),
                row["precision"],
                *cells_of_times(row),
            )
            for row in rows
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
