"""What more characters, and more examples of all characters, in memory do to the bound."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tfvma.evaluation.grid import Grid
from tfvma.evaluation.metrics_file import Row
from tfvma.evaluation.table import NONE, metric_name, paper_of, split_rows, targets_of, value_of
from tfvma.evaluation.zoo import ZooModel

_CONFOUNDERS = re.compile(r"confounders C=(?P<varied>\d+) S=(?P<shots>\d+) (?P<data>\S+)")
_ALL_CLASSES = re.compile(r"all_classes_shots S=(?P<varied>\d+)(?P<shots>) (?P<data>\S+)")
_SHOWN = ("nll", "kl_a", "address_accuracy")


class _Line(NamedTuple):
    """A metric of a model, of memories that differ in one number alone."""

    name: str
    shots: str
    metric: str
    num_samples: int | None


_Lines = Mapping[_Line, Mapping[int, Row]]


def split_memory(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """The rows of all other protocols, and those of confounders and all_classes_shots."""
    others, confounders = split_rows(rows, _CONFOUNDERS)
    others, all_classes = split_rows(others, _ALL_CLASSES)
    return others, [*confounders, *all_classes]


def memory_grids(rows: Iterable[tuple[ZooModel, Row]]) -> list[Grid]:
    """A table of NLL, KL(a) and how often the address was right for each protocol and dataset,
    under a line that says what it is.

    Columns are numbers of characters C for confounders, with the NLL of C = 1 plus log C below
    that of models with an address (paper, figure 5A), and numbers of examples S for
    all_classes_shots (figure 5B). What the paper prints stands above the model that it is of.

    Args:
        rows: of these protocols, each with its model.
    """
    rows = list(rows)
    return [
        *_grids(rows, _CONFOUNDERS, _more_characters),
        *_grids(rows, _ALL_CLASSES, _more_examples),
    ]


def _grids(rows: Sequence[tuple[ZooModel, Row]], protocol: re.Pattern[str], layout) -> list[Grid]:
    found: dict[str, dict[_Line, dict[int, Row]]] = {}
    for model, row in rows:
        setting = protocol.fullmatch(row.protocol)
        if setting and row.metric in _SHOWN:
            line = _Line(model.name, setting["shots"], row.metric, row.num_samples)
            cells = found.setdefault(setting["data"], {}).setdefault(line, {})
            cells[int(setting["varied"])] = row
    return [layout(data, lines) for data, lines in found.items()]


def _more_characters(data: str, lines: _Lines) -> Grid:
    characters = _varied(lines)
    table = []
    for line, cells in _in_order(lines):
        head = [line.name, line.shots]
        if any(row.paper is not None for row in cells.values()):
            printed = [paper_of(cells.get(count)) for count in characters]
            table.append(["the paper's", line.shots, _words(line), *printed])
        table.append([*head, _words(line), *(_value(cells.get(count)) for count in characters)])
        if line.metric == "nll" and 1 in cells and _has_address(line, lines):
            optimum = [f"{cells[1].value + math.log(count):.2f}" for count in characters]
            table.append([*head, "NLL at C = 1, plus log C", *optimum])
    return Grid(
        columns=["model", "S", "metric", *(f"C = {count}" for count in characters)],
        alignment="lrl" + "r" * len(characters),
        lines=table,
        heading=(
            f"Nats per image of {data} with S examples of each of C characters in memory, "
            f"{_targets(lines)}:"
        ),
    )


def _more_examples(data: str, lines: _Lines) -> Grid:
    examples = _varied(lines)
    return Grid(
        columns=["model", "metric", *(f"S = {count}" for count in examples)],
        alignment="ll" + "r" * len(examples),
        lines=[
            [line.name, _words(line), *(_value(cells.get(count)) for count in examples)]
            for line, cells in _in_order(lines)
        ],
        heading=(
            f"Nats per image of {data} with S examples of every character in memory, "
            f"{_targets(lines)}:"
        ),
    )


def _in_order(lines: _Lines) -> list[tuple[_Line, Mapping[int, Row]]]:
    """Models as they came, the lines of each by their examples and metrics."""
    places = {name: place for place, name in enumerate(dict.fromkeys(line.name for line in lines))}

    def order(line: _Line) -> tuple[int, int, int, int]:
        shots, metric = int(line.shots or 0), _SHOWN.index(line.metric)
        return places[line.name], shots, metric, line.num_samples or 0

    return [(line, lines[line]) for line in sorted(lines, key=order)]


def _varied(lines: _Lines) -> list[int]:
    return sorted({count for cells in lines.values() for count in cells})


def _has_address(line: _Line, lines: Iterable[_Line]) -> bool:
    return any((other.name, other.metric) == (line.name, "kl_a") for other in lines)


def _targets(lines: _Lines) -> str:
    """How many, and that the protocols take the same ones for any memory."""
    said = f"{targets_of(row for cells in lines.values() for row in cells.values())} targets"
    drawn = [{(row.targets, row.seed) for row in cells.values()} for cells in lines.values()]
    return f"{said}, the same in all cells of a line" if max(map(len, drawn)) == 1 else said


def _words(line: _Line) -> str:
    name = metric_name(line.metric)
    return name if line.num_samples is None else f"{name}, K = {line.num_samples:,}"


def _value(row: Row | None) -> str:
    return NONE if row is None else value_of(row)
