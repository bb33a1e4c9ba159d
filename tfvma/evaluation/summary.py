"""The results that matter most, experiment by experiment, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from tfvma.evaluation.classification_grid import classification_grids, split_classification
from tfvma.evaluation.metrics_file import Row
from tfvma.evaluation.nll_grid import nll_grids, split_nll
from tfvma.evaluation.table import by_protocol, full_cells, markdown_line
from tfvma.evaluation.table1_grid import split_table1, table1_grids
from tfvma.evaluation.zoo import ZooModel


class Section(NamedTuple):
    """An experiment: its models and protocols, as patterns of their names."""

    title: str
    models: str
    protocols: str


# A row belongs to the first that it fits.
SECTIONS = (
    Section("Recall of images that are in memory (section 4.1)", "mnist_*", "recall *"),
    Section("A learned memory, MNIST (section 4.1, figure 2)", "mnist_*", "nll *"),
    Section("A learned memory, Omniglot at 28x28 (section 4.2)", "omniglot28_*", "*"),
    Section("Few-shot generation (section 4.2, figure 4B)", "omniglot26_v*", "few_shot *"),
    Section("Soft attention (section 4.2, figure 5A)", "omniglot26_soft", "*"),
    Section("One choice changed at a time (section 4.2)", "omniglot26_control*", "few_shot *"),
    Section("Classification without retraining (section 4.2)", "*", "classification*"),
    Section("The split of Generative Matching Networks (table 1)", "gmn_*", "*"),
    Section("Others", "*", "*"),
)
_HEADER = (
    "| model | protocol | metric | ours | paper | K | targets | steps | minutes |",
    "|---|---|---|---:|---:|---:|---:|---:|---:|",
)


def results_summary(models: Sequence[ZooModel]) -> str:
    """By section of each model its first NLL, at the smallest K, and what the paper prints a
    figure for; classification, images without labels, and table 1 as grids."""
    rows: dict[Section, list[tuple[ZooModel, Row]]] = {section: [] for section in SECTIONS}
    for model in models:
        for row in _most_important(model.rows):
            rows[_section_of(model.name, row)].append((model, row))
    return "\n\n".join(
        part
        for section, named in rows.items()
        if named
        for part in (f"## {section.title}", *_tables(named))
    )


def _most_important(rows: Sequence[Row]) -> list[Row]:
    others, gridded = _split_grids(rows)
    ordered = [row for _, group in by_protocol(others) for row in group]
    bounds = [row for row in ordered if row.metric == "nll"][:1]
    kept = [row for row in ordered if row in bounds or row.paper is not None]
    return kept + gridded


def _split_grids(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    gridded = []
    for split in (split_classification, split_nll, split_table1):
        rows, own = split(rows)
        gridded += own
    return rows, gridded


def _section_of(name: str, row: Row) -> Section:
    return next(
        section
        for section in SECTIONS
        if fnmatchcase(name, section.models) and fnmatchcase(row.protocol, section.protocols)
    )


def _tables(found: Sequence[tuple[ZooModel, Row]]) -> list[str]:
    lines, classified, unlabelled, of_table1 = [], [], [], []
    models = {model.name: model for model, _ in found}
    for name, model in models.items():
        rows = [row for other, row in found if other.name == name]
        rows, accuracies = split_classification(rows)
        rows, bounds = split_nll(rows)
        rows, table1 = split_table1(rows)
        lines += [markdown_line((name, *full_cells(row))) for row in rows]
        classified += [(name, row) for row in accuracies]
        unlabelled += [(model, row) for row in bounds]
        of_table1 += [f"{name}, {grid.markdown()}" for grid in table1_grids(table1)]
    table = ["\n".join([*_HEADER, *lines])] if lines else []
    grids = [*classification_grids(classified), *nll_grids(unlabelled)]
    return [*table, *(grid.markdown() for grid in grids), *of_table1]
