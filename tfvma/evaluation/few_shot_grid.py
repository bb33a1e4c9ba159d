"""Bounds with a few characters in memory, of all models, in one table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from tfvma.evaluation.bound_columns import BoundColumn, column_of, in_order
from tfvma.evaluation.grid import Grid
from tfvma.evaluation.metrics_file import Row
from tfvma.evaluation.paper import SHOTS_RANGES
from tfvma.evaluation.table import (
    NONE,
    paper_of,
    split_rows,
    targets_of,
    training_of,
    value_of,
)
from tfvma.evaluation.zoo import ZooModel

_PROTOCOL = re.compile(r"few_shot C=(\d+) S=(\d+) (.+)")
# What the paper's figures from few to many examples are of.
_SAMPLES, _CLASSES, _DATASET = 4, 8, "omniglot26/test"

# Of a model, with so many characters and examples in memory.
_Place = tuple[str, int, int]
_Line = Mapping[BoundColumn, Row]


def split_few_shot(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """The rows of all other protocols, and those of few_shot."""
    return split_rows(rows, _PROTOCOL)


def few_shot_grids(rows: Iterable[tuple[ZooModel, Row]]) -> list[Grid]:
    """One table for each dataset, under a line that says what it is.

    Lines are models with C characters of S examples in memory, below what the paper prints of
    such a model where that is not what stands above already; columns are NLL at each K, KL terms
    and how often the address was right. What the paper prints from few to many examples stands
    where models of several numbers of examples are compared.

    Args:
      rows: of the protocol few_shot, each with its model.
    """
    models: dict[str, ZooModel] = {}
    found: dict[str, dict[_Place, dict[BoundColumn, Row]]] = {}
    for model, row in rows:
        models[model.name] = model
        classes, shots, dataset = _PROTOCOL.fullmatch(row.protocol).groups()
        if column := column_of(row):
            place = (model.name, int(classes), int(shots))
            found.setdefault(dataset, {}).setdefault(place, {})[column] = row
    return [_grid(dataset, models, lines) for dataset, lines in found.items()]


def _grid(dataset: str, models: Mapping[str, ZooModel], lines: Mapping[_Place, _Line]) -> Grid:
    columns = in_order({column for line in lines.values() for column in line})
    compared = len({shots for _, _, shots in lines}) > 1 and dataset == _DATASET
    cells: list[Sequence[str]] = []
    above = [NONE] * (len(columns) + 2)
    for (name, classes, shots), line in lines.items():
        kind = models[name].kind
        memory = [str(classes), str(shots)] if kind.takes_memory else [NONE, NONE]
        if compared and kind.has_address and classes == _CLASSES:
            printed = [memory[0], "few to many", *map(_range_of, columns)]
        else:
            printed = [*memory, *(paper_of(line.get(column)) for column in columns)]
        if printed[2:] not in (above[2:], [NONE] * len(columns)):
            cells.append(["the paper's", *printed, NONE, NONE])
            above = printed
        values = [value_of(line[column]) if column in line else NONE for column in columns]
        cells.append([name, *memory, *values, *training_of(next(iter(line.values())))])
    targets = targets_of(row for line in lines.values() for row in line.values())
    return Grid(
        columns=["model", "C", "S", *(column.title for column in columns), "steps", "minutes"],
        alignment="lrr" + "r" * (len(columns) + 2),
        lines=cells,
        heading=(
            f"Nats per image of {dataset} with S examples of each of C characters in memory, "
            f"{targets} targets in each cell:"
        ),
    )


def _range_of(column: BoundColumn) -> str:
    if column.metric not in SHOTS_RANGES or column.num_samples not in (_SAMPLES, None):
        return NONE
    few, many = SHOTS_RANGES[column.metric]
    return f"{few} to {many}"
