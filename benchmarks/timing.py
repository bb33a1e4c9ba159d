"""Times of calls, and what a row and a table of results say of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np


def time_calls(call: Callable[[], None], count: int) -> list[float]:
    """Milliseconds of `count` calls, after one that finds the caches of another setting."""
    call()
    milliseconds = []
    for _ in range(count):
        start = time.perf_counter()
        call()
        milliseconds.append(1e3 * (time.perf_counter() - start))
    return milliseconds


def summary(milliseconds: Sequence[float]) -> dict:
    """Median, minimum and quartiles."""
    least, lower, median, upper = np.quantile(milliseconds, [0, 0.25, 0.5, 0.75])
    return {
        "timed_calls": len(milliseconds),
        "milliseconds": round(median, 3),
        "minimum": round(least, 3),
        "quartiles": [round(lower, 3), round(upper, 3)],
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
