"""Times training steps of the few-shot network beside the least arithmetic that they need.

    python -m benchmarks.step_time

See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.command import fill_in, listed, new_parser, run_command
from benchmarks.results_file import markdown_table, report
from benchmarks.setting import Setting, all_settings, config_of
from benchmarks.timing import cells_of_times, summary
from benchmarks.turns import take_turns
from tfvma.config import Config
from tfvma.presets import get_preset

_PRESET = "omniglot26_vma_4shot"
_MEMORY_SIZES = (16, 32, 64, 128, 512)
_RESULTS = Path(__file__).parent / "results" / "step_time.json"
_COLUMNS = (
    "network",
    "M",
    "B",
    "K",
    "width",
    "precision",
    "XLA",
    "threads",
    "ms",
    "quartiles",
    "min",
    "floor, ms",
    "ratio",
)
_SLOPE_COLUMNS = ("precision", "from M", "to M", "ms a slot", "floor, ms", "ratio")

_FULL = {"memory_sizes": _MEMORY_SIZES, "rounds": 5, "steps": 10, "output": _RESULTS}
_QUICK = {"memory_sizes": [32], "rounds": 1, "steps": 2}


def parser() -> argparse.ArgumentParser:
    options = new_parser("step_time", __doc__, _FULL["rounds"], quick="1 round of 2 steps")
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
        config, all_settings(options.memory_sizes), options.rounds, options.steps
    )
    rows = [make_row(config, setting, times, rate) for setting, times in milliseconds.items()]
    slopes = f"\n\n{slope_table(rows)}" if len(set(options.memory_sizes)) > 1 else ""
    report(f"{table(rows)}{slopes}", rows, rate, options.output)


def measure(
    config: Config, settings: Sequence[Setting], rounds: int, steps: int
) -> tuple[dict[Setting, list[float]], float]:
    """Milliseconds of every timed step, and the best float32 matrix rate of the run.

    Settings take turns; see `take_turns`.
    """
    from benchmarks.training_step import make_step

    return take_turns(
        settings,
        functools.partial(make_step, config),
        lambda setting: setting.one_thread,
        str,
        rounds,
        steps,
    )


def make_row(config: Config, setting: Setting, milliseconds: Sequence[float], rate: float) -> dict:
    """One row of the results; the floor is that of the sharing network, whoever runs."""
    from benchmarks.arithmetic import step_arithmetic

    arithmetic = step_arithmetic(
        config_of(config, setting).model,
        setting.num_targets,
        setting.memory_size,
        setting.num_samples,
    )
    floor = 1e3 * arithmetic / rate
    times = summary(milliseconds)
    return {
        **setting._asdict(),
        **times,
        "least_gigaflop": round(arithmetic / 1e9, 3),
        "floor_milliseconds": round(floor, 2),
        "ratio": round(times["milliseconds"] / floor, 3),
    }


def table(rows: Sequence[dict]) -> str:
    """The rows as a Markdown table."""
    return markdown_table(
        _COLUMNS,
        [
            (
                row["network"],
                str(row["memory_size"]),
                str(row["num_targets"]),
                str(row["num_samples"]),
                f"{row['width']:g}",
                row["precision"],
                "yes" if row["xla"] else "no",
                "one" if row["one_thread"] else "all",
                *cells_of_times(row),
            )
            for row in rows
        ],
    )


def slope_table(rows: Sequence[dict]) -> str:
    """What one more slot adds to a step, and to its floor, from one memory size to another.

    Between neighbouring sizes and over all of them, for each precision, as Markdown.
    """
    lines = []
    for precision in dict.fromkeys(row["precision"] for row in rows):
        of_size = {
            row["memory_size"]: row
            for row in rows
            if Setting(**{name: row[name] for name in Setting._fields})
            == Setting("tfvma", row["memory_size"], precision=precision)
        }
        sizes = sorted(of_size)
        pairs = [*itertools.pairwise(sizes), *([(sizes[0], sizes[-1])] if len(sizes) > 2 else [])]
        for fewer, more in pairs:
            time, floor = (
                (of_size[more][name] - of_size[fewer][name]) / (more - fewer)
                for name in ("milliseconds", "floor_milliseconds")
            )
            figures = (f"{time:.3f}", f"{floor:.3f}", f"{time / floor:.2f}")
            lines.append((precision, str(fewer), str(more), *figures))
    return markdown_table(_SLOPE_COLUMNS, lines)


if __name__ == "__main__":
    sys.exit(main())
