"""Bounds and KL terms of all models of one kind of images in one table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tfvma.evaluation.grid import Grid
from tfvma.evaluation.metrics_file import Row
from tfvma.evaluation.paper_learned28 import LEARNED28_DATASETS, learned28_words
from tfvma.evaluation.table import cells_of, metric_name, split_rows, value_of
from tfvma.evaluation.zoo import ZooModel

_PROTOCOL = re.compile(r"nll (.+)/(train|test)")
_METRICS = ("nll", "kl_a", "kl_z")
_SPLITS = ("train", "test")
_NONE = "–"


class _Column(NamedTuple):
    metric: str
    split: str
    num_samples: int | None

    @property
    def title(self) -> str:
        name = f"{metric_name(self.metric)}, {self.split}"
        return name if self.num_samples is None else f"{name}, K = {self.num_samples:,}"

    @property
    def order(self) -> tuple[int, int, int]:
        return _METRICS.index(self.metric), _SPLITS.index(self.split), self.num_samples or 0


_Line = Mapping[_Column, Row]


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
    lines: dict[tuple[str, str], dict[_Column, Row]] = {}
    for model, row in rows:
        models[model.name] = model
        if row.metric in _METRICS:
            dataset, split = _PROTOCOL.fullmatch(row.protocol).groups()
            line = lines.setdefault((model.name, dataset), {})
            line[_Column(row.metric, split, row.num_samples)] = row
    return [_grid(models, lines)] if lines else []


def _grid(models: Mapping[str, ZooModel], lines: Mapping[tuple[str, str], _Line]) -> Grid:
    columns = _columns(lines)
    cells = []
    above = [_NONE] * len(columns)
    for (name, dataset), line in lines.items():
        printed = [_printed(models[name], column, line, columns) for column in columns]
        if printed not in (above, [_NONE] * len(columns)):
            cells.append([_papers(models[name]), _NONE, *printed, _NONE, _NONE])
            above = printed
        values = [value_of(line[column]) if column in line else _NONE for column in columns]
        row = next(iter(line.values()))
        training = [_NONE if n is None else f"{n:,.0f}" for n in (row.steps, row.minutes)]
        cells.append([name, dataset, *values, *training])
    counts = sorted({row.targets for line in lines.values() for row in line.values()})
    images = " to ".join(f"{count:,}" for count in dict.fromkeys([counts[0], counts[-1]]))
    return Grid(
        columns=["model", "images", *(column.title for column in columns), "steps", "minutes"],
        alignment="ll" + "r" * (len(columns) + 2),
        lines=cells,
        heading=f"Nats per image, {images} images in each cell:",
    )


def _columns(lines: Mapping[tuple[str, str], _Line]) -> list[_Column]:
    found = {column for line in lines.values() for column in line}
    counts = {column.num_samples for column in found if column.metric == "kl_z"}
    others = sorted(counts)[1:]
    kept = (
        column for column in found if column.metric != "kl_z" or column.num_samples not in others
    )
    return sorted(kept, key=lambda column: column.order)


def _papers(model: ZooModel) -> str:
    if model.config.episodes.dataset not in LEARNED28_DATASETS:
        return "the paper's"
    return f"the paper's of {model.config.model.memory_size:,} slots"


def _printed(model: ZooModel, column: _Column, line: _Line, columns: Sequence[_Column]) -> str:
    """The paper's figure, or at the smallest K what it says in words without one."""
    row = line.get(column)
    if row is None:
        return _NONE
    if row.paper is not None:
        return cells_of(row)[1]
    first = next(other for other in columns if other[:2] == column[:2])
    if column != first or model.config.episodes.dataset not in LEARNED28_DATASETS:
        return _NONE
    return learned28_words(model.config.model.memory_size, column.split, column.metric) or _NONE
