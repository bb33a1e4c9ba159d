"""Few-shot accuracies of all models in one table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tfvma.evaluation.grid import Grid
from tfvma.evaluation.metrics_file import Row
from tfvma.evaluation.table import NONE, cells_of, split_rows, targets_of

_PROTOCOL = re.compile(r"(classification|classification_iw) (\d+)-way (\d+)-shot (.+)")
# That of importance weights has q(a | x) on its fewer targets too.
_BY = {
    ("classification", "accuracy"): "q(a|x)",
    ("classification_iw", "accuracy"): "q(a|x), on the targets of importance weights",
    ("classification_iw", "accuracy_iw"): "importance weights, K = {}",
}
# Of a standard error, half a 95 % interval.
_HALF_INTERVAL = 1.96

# Ways and shots.
_Setting = tuple[int, int]
# A model, and by what its accuracies are.
_Line = tuple[str, str]


def split_classification(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """The rows of all other protocols, and those of classification."""
    return split_rows(rows, _PROTOCOL)


def classification_grids(rows: Iterable[tuple[str, Row]]) -> list[Grid]:
    """One table for each dataset, under a line that says what it is.

    Lines are models, by q(a | x) and by importance weights, below the paper's figures where it
    prints some; columns are settings.

    Args:
      rows: of the protocols of classification, each with the name of its model.
    """
    found: dict[str, dict[_Line, dict[_Setting, Row]]] = {}
    for name, row in rows:
        by, ways, shots, dataset = _PROTOCOL.fullmatch(row.protocol).groups()
        words = _BY[by, row.metric].format(row.num_samples)
        line = found.setdefault(dataset, {}).setdefault((name, words), {})
        line[int(ways), int(shots)] = row
    return [_grid(dataset, lines) for dataset, lines in found.items()]


def _grid(dataset: str, lines: Mapping[_Line, Mapping[_Setting, Row]]) -> Grid:
    cells = [cell for line in lines.values() for cell in line.items()]
    settings = sorted({setting for setting, _ in cells})
    printed = {setting: cells_of(row)[1] for setting, row in cells if row.paper is not None}
    papers = [printed.get(setting, NONE) for setting in settings]
    heading = (
        f"Accuracy on {dataset}, {targets_of(row for _, row in cells)} targets in each cell; ± is "
        "here half a 95 % interval, 1.96 standard errors over episodes:"
    )
    return Grid(
        columns=["model", "by", *(f"{ways}-way {shots}-shot" for ways, shots in settings)],
        alignment="ll" + "r" * len(settings),
        lines=[
            *([["the paper's", "q(a|x)", *papers]] if printed else []),
            *([*names, *_intervals(line, settings)] for names, line in lines.items()),
        ],
        heading=heading,
    )


def _intervals(line: Mapping[_Setting, Row], settings: Iterable[_Setting]) -> list[str]:
    return [_interval(line[setting]) if setting in line else NONE for setting in settings]


def _interval(row: Row) -> str:
    return f"{100 * row.value:.1f} ± {100 * _HALF_INTERVAL * row.stderr:.1f} %"
