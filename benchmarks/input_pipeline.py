"""Times drawing episodes of procedural characters beside copying their bytes.

    python -m benchmarks.input_pipeline

See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.command import fill_in, listed, new_parser, run_command
from benchmarks.results_file import markdown_table, report
from tfvma.config import Config
from tfvma.presets import get_preset

_PRESET = "omniglot26_vma_4shot"
_SHOTS = (1, 4, 16)
# Empties what was drawn ahead while other settings had their turn.
_WARM_UP = 20
_COPIES = 200
_RESULTS = Path(__file__).parent / "results" / "input_pipeline.json"
_COLUMNS = ("B", "M", "shots", "KB", "episodes/s", "quartiles", "ms", "floor, ms", "ratio")


_FULL = {"shots": _SHOTS, "rounds": 10, "episodes": 500, "output": _RESULTS}
_QUICK = {"shots": [4], "rounds": 1, "episodes": 20}


def parser() -> argparse.ArgumentParser:
    options = new_parser(
        "input_pipeline", __doc__, _FULL["rounds"], quick="4 shots, 1 round of 20 episodes"
    )
    options.add_argument(
        "--shots",
        type=int,
        nargs="+",
        metavar="S",
        help=f"drawings of each character in memory ({listed(_SHOTS)})",
    )
    options.add_argument(
        "--episodes",
        type=int,
        metavar="N",
        help=f"timed episodes in each turn ({_FULL['episodes']})",
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
    measured = measure(config, options.shots, options.rounds, options.episodes)
    rows = [make_row(config, shots, *times) for shots, times in measured.items()]
    report(table(rows), rows, None, options.output)


def measure(
    config: Config, shots: Sequence[int], rounds: int, episodes: int
) -> dict[int, tuple[list[float], list[float]]]:
    """Milliseconds of an episode, and of copying its bytes, in every turn, by shots.

    Settings take turns, so that all of them share the machine's moods.
    """
    # Imports TensorFlow, which takes seconds: after the arguments are known to be right.
    from tfvma.data import episodes as draw_episodes
    from tfvma.data import load_characters

    characters = load_characters("strokes", "train")
    draw, copy = {}, {}
    for count in shots:
        endless = iter(
            draw_episodes(
                characters,
                num_classes=config.episodes.num_classes,
                targets_per_class=config.episodes.targets_per_class,
                shots=count,
                seed=0,
            )
        )
        draw[count] = endless.__next__
        copy[count] = make_copy(draw[count]())
    measured = {count: ([], []) for count in draw}
    with tqdm(total=rounds * len(draw), unit="turn", file=sys.stderr) as progress:
        for _ in range(rounds):
            for count, (drawn, copied) in measured.items():
                progress.set_description(f"{count} shots")
                drawn.append(mean_milliseconds(draw[count], _WARM_UP, episodes))
                copied.append(mean_milliseconds(copy[count], _WARM_UP, _COPIES))
                progress.update()
    return measured


def make_copy(episode: dict) -> Callable[[], None]:
    """A function that copies the float32 arrays of an episode into others."""
    sources = [episode[name].numpy() for name in ("x", "memory")]
    copies = [np.zeros_like(source) for source in sources]

    def copy() -> None:
        for target, source in zip(copies, sources, strict=True):
            np.copyto(target, source)

    return copy


def mean_milliseconds(call: Callable[[], object], warm_up: int, count: int) -> float:
    """Of `count` calls in a row, after `warm_up` that are not counted.

    Single calls would tell little: the pipeline draws ahead.
    """
    for _ in range(warm_up):
        call()
    start = time.perf_counter()
    for _ in range(count):
        call()
    return 1e3 * (time.perf_counter() - start) / count


def make_row(config: Config, shots: int, drawn: Sequence[float], copied: Sequence[float]) -> dict:
    """One row of the results, from the milliseconds of every turn."""
    num_classes, size = config.episodes.num_classes, config.model.image_size
    num_targets, memory_size = num_classes * config.episodes.targets_per_class, num_classes * shots
    median, floor = float(np.median(drawn)), min(copied)
    rates = 1e3 / np.quantile(drawn, [0.75, 0.25])
    return {
        "num_targets": num_targets,
        "memory_size": memory_size,
        "shots": shots,
        "kilobytes": round(4 * (num_targets + memory_size) * size**2 / 1e3, 1),
        "turns": len(drawn),
        "episodes_per_second": round(1e3 / median, 1),
        "quartiles": [round(rate, 1) for rate in rates.tolist()],
        "milliseconds": round(median, 4),
        "floor_milliseconds": round(floor, 4),
        "ratio": round(median / floor, 2),
    }


def table(rows: Sequence[dict]) -> str:
    """The rows as a Markdown table."""
    return markdown_table(
        _COLUMNS,
        [
            (
                str(row["num_targets"]),
                str(row["memory_size"]),
                str(row["shots"]),
                f"{row['kilobytes']:.0f}",
                f"{row['episodes_per_second']:,.0f}",
                "{:,.0f} to {:,.0f}".format(*row["quartiles"]),
                f"{row['milliseconds']:.3f}",
                f"{row['floor_milliseconds']:.3f}",
                f"{row['ratio']:.1f}",
            )
            for row in rows
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
