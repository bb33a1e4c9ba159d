"""Times a fresh process from its start to the second answer of a committed SavedModel.

    python -m benchmarks.load_time

See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.command import fill_in, new_parser, run_command
from benchmarks.results_file import markdown_table, report

_MODEL = Path(__file__).parents[1] / "savedmodels" / "omniglot26_vma_4shot"
_WORKER = Path(__file__).parent / "load_worker.py"
_SECONDS = 600
_LOAD = "load the SavedModel"
STAGES = ("import tensorflow", _LOAD, "first score", "second score")
_RESULTS = Path(__file__).parent / "results" / "load_time.json"
_COLUMNS = ("stage", "s", "range", "since the start, s", "range", "floor, s", "ratio")


_FULL = {"rounds": 5, "output": _RESULTS}
_QUICK = {"rounds": 1}


def parser() -> argparse.ArgumentParser:
    return new_parser("load_time", __doc__, _FULL["rounds"], quick="1 process")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; returns its exit code."""
    options = parser().parse_args(arguments)
    return run_command(lambda: run(resolve(options)))


def resolve(options: argparse.Namespace) -> argparse.Namespace:
    """Fills in what was not given; raises InvalidArgumentError or OutputError."""
    return fill_in(options, _FULL, _QUICK)


def run(options: argparse.Namespace) -> None:
    """Measures, prints the table, and writes it where `options.output` says."""
    # Imports TensorFlow, which takes seconds: after the arguments are known to be right.
    from tfvma.servable import find_version

    folder = find_version(_MODEL)
    files = [path for path in folder.rglob("*") if path.is_file()]
    since_start, reading = [], []
    # The first process brings TensorFlow's files into memory and is not counted.
    for number in tqdm(range(options.rounds + 1), unit="process", file=sys.stderr):
        seconds = start_and_answer(folder)
        if number:
            since_start.append(seconds)
            reading.append(read_seconds(files))
    num_bytes = sum(path.stat().st_size for path in files)
    rows = make_rows(since_start, reading, num_bytes)
    report(table(rows), rows, None, options.output)


def start_and_answer(folder: Path) -> list[float]:
    """Seconds from the start of a new process to the end of each stage."""
    start = time.time()
    process = subprocess.run(
        [sys.executable, str(_WORKER), str(folder)],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
    )
    if process.returncode:
        raise RuntimeError(f"a process failed:\n{process.stderr[-2000:]}")
    return [end - start for end in json.loads(process.stdout.splitlines()[-1])]


def read_seconds(files: Sequence[Path]) -> float:
    """Of reading all bytes of `files`."""
    start = time.perf_counter()
    for path in files:
        path.read_bytes()
    return time.perf_counter() - start


def make_rows(
    since_start: Sequence[Sequence[float]], reading: Sequence[float], num_bytes: int
) -> list[dict]:
    """One row per stage; the floor is that of loading.

    Args:
        since_start: [rounds, stages], seconds from the start of the process.
        reading: seconds in which the files were read, in every round.
        num_bytes: of the files.
    """
    ends = np.array(since_start)
    rows = []
    for stage, seconds, end in zip(STAGES, np.diff(ends, prepend=0.0).T, ends.T, strict=True):
        rows.append(
            {
                "stage": stage,
                "processes": len(end),
                "seconds": round(float(np.median(seconds)), 4),
                "range": _range(seconds),
                "seconds_since_start": round(float(np.median(end)), 4),
                "range_since_start": _range(end),
            }
        )
        if stage == _LOAD:
            floor = min(reading)
            rows[-1] |= {
                "megabytes": round(num_bytes / 1e6, 3),
                "floor_seconds": round(floor, 5),
                "ratio": round(float(np.median(seconds)) / floor, 1),
            }
    return rows


def _range(seconds: np.ndarray) -> list[float]:
    return [round(float(seconds.min()), 4), round(float(seconds.max()), 4)]


def table(rows: Sequence[dict]) -> str:
    """The rows as a Markdown table."""
    return markdown_table(
        _COLUMNS,
        [
            (
                row["stage"],
                f"{row['seconds']:.3f}",
                "{:.3f} to {:.3f}".format(*row["range"]),
                f"{row['seconds_since_start']:.2f}",
                "{:.2f} to {:.2f}".format(*row["range_since_start"]),
                f"{row['floor_seconds']:.4f}" if "floor_seconds" in row else "",
                f"{row['ratio']:.0f}" if "ratio" in row else "",
            )
            for row in rows
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
