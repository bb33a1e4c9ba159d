"""Rows of the protocol table1 laid out as the paper's table 1."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from tfvma.evaluation.grid import Grid
from tfvma.evaluation.metrics_file import Row
from tfvma.evaluation.paper_table1 import GMN, VMA
from tfvma.evaluation.protocols import TABLE1_SHOTS
from tfvma.evaluation.table import NONE, split_rows, value_of

_PROTOCOL = re.compile(r"table1 C=(\d+) S=(\d+) (.+)")
_OF_GMN = (
    "Figures of GMN may mean something else: the code released with it counts the examples of all "
    "characters together and draws with replacement, so that a target can be among its examples."
)


def split_table1(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """The rows of all other protocols, and those of table1."""
    return split_rows(rows, _PROTOCOL)


def table1_grids(rows: Iterable[Row]) -> list[Grid]:
    """One table of NLL for each dataset and K, under a line that says what it is.

    Lines are numbers of characters C, with the paper's figures below where it prints some for
    these rows; columns are numbers of examples S. Other metrics are left out.

    Args:
      rows: of the protocol table1.
    """
    found: dict[tuple[str, int], dict[tuple[int, int], Row]] = defaultdict(dict)
    for row in rows:
        if row.metric == "nll":
            classes, shots, dataset = _PROTOCOL.fullmatch(row.protocol).groups()
            found[dataset, row.num_samples][int(classes), int(shots)] = row
    return [_grid(dataset, count, cells) for (dataset, count), cells in sorted(found.items())]


def _grid(dataset: str, num_samples: int, cells: Mapping[tuple[int, int], Row]) -> Grid:
    any_row = next(iter(cells.values()))
    heading = (
        f"table1 {dataset}: NLL at K = {num_samples:,} with S examples of each of C characters in "
        f"memory, at least {min(row.targets for row in cells.values()):,} targets in each cell"
    )
    if any_row.steps is not None:
        heading += f", after {any_row.steps:,} steps"
    if any_row.minutes is not None:
        heading += f" ({any_row.minutes:,.0f} minutes)"
    lines, of_gmn = [], False
    for classes in sorted({classes for classes, _ in cells}):
        of_class = [cells.get((classes, shots)) for shots in TABLE1_SHOTS]
        ours = [NONE if row is None else value_of(row, digits=1) for row in of_class]
        lines.append([str(classes), "ours", *ours])
        if any(row is not None and row.paper is not None for row in of_class):
            lines.append(["", "paper", *map(str, VMA[classes])])
            if classes in GMN:
                lines.append(["", "paper, GMN", *map(str, GMN[classes])])
                of_gmn = True
    columns = ["C", "", *(f"S = {shots}" for shots in TABLE1_SHOTS)]
    alignment = "rl" + "r" * len(TABLE1_SHOTS)
    return Grid(columns, alignment, lines, f"{heading}:", _OF_GMN if of_gmn else "")
