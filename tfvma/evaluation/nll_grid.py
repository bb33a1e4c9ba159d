"""Bounds and KL terms of all models of one kind of images in one table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from tfvma.evaluation.bound_columns import BoundColumn, column_of, in_order
from tfvma.evaluation.grid import Grid
from tfvma.evaluation.metrics_file import Row
from tfvma.evaluation.paper_learned28 import LEARNED28_DATASETS, learned28_words
from tfvma.evaluation.table import (
    NONE,
    cells_of,
    split_rows,
    targets_of,
    training_of,
    value_of,
)
from tfvma.evaluation.zoo import ZooModel

_PROTOCOL = re.compile(r"nll (.+)/(train|test)")

_Line = Mapping[BoundColumn, Row]


def split_nll(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """The rows of all other protocols, and those of nll."""
    return split_rows(rows, _PROTOCOL)


def nll_grids(rows: Iterable[tuple[ZooModel, Row]]) -> list[Grid]:
    """One table under a line that says how many images are in a cell, or none without rows.

    Lines are models and the images that they are scored on, below what the paper prints of such a
    model where that is not what stands above already; columns are metrics of a split, NLL at each
    K, KL(z) at the smallest.

    Args:
      rows: of the protocol nll, each with its model.
    """
    models: dict[str, ZooModel] = {}
    lines: dict[tuple[str, str], dict[BoundColumn, Row]] = {}
    for model, row in rows:
        models[model.name] = model
        dataset, split = _PROTOCOL.fullmatch(row.protocol).groups()
        if column := column_of(row, split):
            lines.setdefault((model.name, dataset), {})[column] = row
    return [_grid(models, lines)] if lines else []


def _grid(models: Mapping[str, ZooModel], lines: Mapping[tuple[str, str], _Line]) -> Grid:
    columns = in_order({column for line in lines.values() for column in line})
    cells = []
    above = [NONE] * len(columns)
    for (name, dataset), line in lines.items():
        printed = [_printed(models[name], column, line, columns) for column in columns]
        if printed not in (above, [NONE] * len(columns)):
            cells.append([_papers(models[name]), NONE, *printed, NONE, NONE])
            above = printed
        values = [value_of(line[column]) if column in line else NONE for column in columns]
        cells.append([name, dataset, *values, *training_of(next(iter(line.values())))])
    images = targets_of(row for line in lines.values() for row in line.values())
    return Grid(
        columns=["model", "images", *(column.title for column in columns), "steps", "minutes"],
        alignment="ll" + "r" * (len(columns) + 2),
        lines=cells,
        heading=f"Nats per image, {images} images in each cell:",
    )


def _papers(model: ZooModel) -> str:
    if model.config.episodes.dataset not in LEARNED28_DATASETS:
        return "the paper's"
    return f"the paper's of {model.config.model.memory_size:,} slots"


def _printed(
    model: ZooModel, column: BoundColumn, line: _Line, columns: Sequence[BoundColumn]
) -> str:
    """The paper's figure, or at the smallest K what it says in words without one."""
    row = line.get(column)
    if row is None:
        return NONE
    if row.paper is not None:
        return cells_of(row)[1]
    first = next(other for other in columns if other[:2] == column[:2])
    if column != first or model.config.episodes.dataset not in LEARNED28_DATASETS:
        return NONE
    return learned28_words(model.config.model.memory_size, column.split, column.metric) or NONE
