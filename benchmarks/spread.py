"""Times of many steps, as a row and in a table."""

from __future__ import annotations

from collections.abc import Sequence

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
