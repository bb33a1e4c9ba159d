"""Times scores of test drawings beside the least arithmetic that they need.

    python -m benchmarks.evaluation

See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from tqdm import tqdm

from benchmarks.arithmetic import score_arithmetic
from benchmarks.command import fill_in, listed, new_parser, run_command
from benchmarks.results_file import markdown_table, report
from tfvma.config import ModelConfig
from tfvma.errors import InvalidArgumentError

if TYPE_CHECKING:
    from benchmarks.scoring import Drawn

_RESULTS = Path(__file__).parent / "results" / "evaluation.json"
_COLUMNS = ("B", "M", "K", "entries", "pairs", "s", "range", "samples/s", "floor, s", "ratio")


class Setting(NamedTuple):
    """num_targets B, memory_size M, num_samples K."""

    num_targets: int
    memory_size: int
    num_samples: int


_SETTINGS = (
    Setting(32, 32, 4),
    Setting(32, 32, 1_000),
    # What evaluate.py scores at once with all characters in memory, and one rotation whole.
    Setting(96, 2_592, 1_000),
    Setting(288, 2_592, 1_000),
)
_FULL = {"settings": _SETTINGS, "rounds": 3, "output": _RESULTS}
_QUICK = {"settings": (Setting(4, 8, 16),), "rounds": 1}


def parser() -> argparse.ArgumentParser:
    options = new_parser(
        "evaluation", __doc__, _FULL["rounds"], quick="B, M, K = 4, 8, 16, 1 round"
    )
    options.add_argument(
        "--settings",
        nargs="+",
        metavar="B,M,K",
        help="targets, entries in memory and samples per target "
        f"({listed([','.join(map(str, setting)) for setting in _SETTINGS])})",
    )
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; returns its exit code."""
    options = parser().parse_args(arguments)
    return run_command(lambda: run(resolve(options)))


def resolve(options: argparse.Namespace) -> argparse.Namespace:
    """Fills in what was not given; raises InvalidArgumentError or OutputError."""
    if options.settings is not None:
        options.settings = [_setting(text) for text in options.settings]
    return fill_in(options, _FULL, _QUICK)


def _setting(text: str) -> Setting:
    parts = text.split(",")
    if len(parts) != 3 or not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise InvalidArgumentError(
            f"--settings={text!r}: expected three positive whole numbers, such as 32,32,1000."
        )
    return Setting(*map(int, parts))


def run(options: argparse.Namespace) -> None:
    """Measures, prints the table, and writes it where `options.output` says."""
    model, scores, rate = measure(options.settings, options.rounds)
    rows = [
        make_row(model, setting, drawn, seconds, rate)
        for setting, (drawn, seconds) in scores.items()
    ]
    report(table(rows), rows, rate, options.output)


def measure(
    settings: Sequence[Setting], rounds: int
) -> tuple[ModelConfig, dict[Setting, tuple[Drawn, list[float]]], float]:
    """The network, what each setting draws with the seconds of every timed score, and the rate.

    The rate is the best float32 matrix rate of the run. Settings take turns, so that all of
    them have their share of the machine's moods.
    """
    # Imports TensorFlow, which takes seconds: after the arguments are known to be right.
    from benchmarks.machine import matrix_rate
    from benchmarks.scoring import make_score
    from benchmarks.trained_model import trained_model

    with tqdm(total=len(settings) * (rounds + 1), unit="turn", file=sys.stderr) as progress:
        model, config = trained_model()
        score, scores, rates = {}, {}, []
        for setting in settings:
            progress.set_description(f"tracing {','.join(map(str, setting))}")
            score[setting], drawn = make_score(model, *setting)
            scores[setting] = drawn, []
            progress.update()
        for _ in range(rounds):
            for setting in settings:
                progress.set_description(f"timing {','.join(map(str, setting))}")
                rates.append(matrix_rate())
                scores[setting][1].extend(time_turn(score[setting]))
                progress.update()
    return config.model, scores, max(rates)


def time_turn(score: Callable[[], None], least: float = 0.5) -> list[float]:
    """Seconds of each score in one turn: one, or as many as `least` seconds hold."""
    seconds: list[float] = []
    while sum(seconds) < least:
        start = time.perf_counter()
        score()
        seconds.append(time.perf_counter() - start)
    return seconds


def make_row(
    model: ModelConfig, setting: Setting, drawn: Drawn, seconds: Sequence[float], rate: float
) -> dict:
    """One row of the results."""
    arithmetic = score_arithmetic(model, *setting, drawn.entries, drawn.pairs)
    floor = arithmetic / rate
    median = float(np.median(seconds))
    return {
        **setting._asdict(),
        "distinct_entries": drawn.entries,
        "distinct_pairs": drawn.pairs,
        "timed_scores": len(seconds),
        "seconds": round(median, 4),
        "range": [round(min(seconds), 4), round(max(seconds), 4)],
        "samples_per_second": round(setting.num_targets * setting.num_samples / median),
        "least_gigaflop": round(arithmetic / 1e9, 3),
        "floor_seconds": round(floor, 4),
        "ratio": round(median / floor, 3),
    }


def table(rows: Sequence[dict]) -> str:
    """The rows as a Markdown table."""
    lines = []
    for row in rows:
        least, most = row["range"]
        lines.append(
            [
                str(row["num_targets"]),
                f"{row['memory_size']:,}",
                f"{row['num_samples']:,}",
                f"{row['distinct_entries']:,}",
                f"{row['distinct_pairs']:,}",
                f"{row['seconds']:.3f}",
                f"{least:.3f} to {most:.3f}",
                f"{row['samples_per_second']:,}",
                f"{row['floor_seconds']:.3f}",
                f"{row['ratio']:.2f}",
            ]
        )
    return markdown_table(_COLUMNS, lines)


if __name__ == "__main__":
    sys.exit(main())
