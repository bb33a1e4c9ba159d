"""What was measured, as rows, as a table, and as a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np


def spread(milliseconds: Sequence[float]) -> dict:
    """The part of a row that says how long steps took."""
    least, lower, median, upper = np.quantile(milliseconds, [0, 0.25, 0.5, 0.75])
    return {
        "timed_steps": len(milliseconds),
        "milliseconds": round(median, 2),
        "minimum": round(least, 2),
        "quartiles": [round(lower, 2), round(upper, 2)],
    }


def cells_of_times(row: dict) -> tuple[str, ...]:
    """Median, quartiles, minimum, floor and ratio of a row."""
    lower, upper = row["quartiles"]
    return (
        f"{row['milliseconds']:.1f}",
        f"{lower:.1f} to {upper:.1f}",
        f"{row['minimum']:.1f}",
        f"{row['floor_milliseconds']:.1f}",
        f"{row['ratio']:.2f}",
    )


def markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def print_result(machine: dict, table: str) -> None:
    """Prints the machine and the table."""
    print(
        f"{machine['processor']}, {machine['cores']} cores, GPUs: {machine['gpus'] or 'none'}; "
        f"float32 matrix product {machine['matrix_gigaflops_per_second']:.0f} GFLOP/s\n"
    )
    print(table)


def write_result(path: Path, result: dict) -> None:
    """Writes `result` as JSON."""
    from tfvma.training.atomic import replacing

    with replacing(path) as beside:
        beside.write_text(json.dumps(result, indent=1) + "\n")
