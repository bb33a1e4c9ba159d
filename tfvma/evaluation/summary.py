"""The results that matter most, experiment by experiment, in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from tfvma.evaluation.classification_grid import classification_grids, split_classification
from tfvma.evaluation.few_shot_grid import few_shot_grids, split_few_shot
from tfvma.evaluation.grid import Grid
from tfvma.evaluation.memory_grid import memory_grids, split_memory
from tfvma.evaluation.metrics_file import Row
from tfvma.evaluation.nll_grid import nll_grids, split_nll
from tfvma.evaluation.table import by_protocol, first_bound, full_cells, markdown_line
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
    Section("More characters in memory (section 4.2, figure 5A)", "omniglot26_*", "confounders *"),
    Section(
        "All characters in memory (section 4.2, figure 5B)", "omniglot26_*", "all_classes_shots *"
    ),
    Section("Soft attention (section 4.2)", "omniglot26_soft", "*"),
    Section("One choice changed at a time (section 4.2)", "omniglot26_control*", "few_shot *"),
    Section("Classification without retraining (section 4.2)", "*", "classification*"),
    Section("The split of Generative Matching Networks (table 1)", "gmn_*", "*"),
    Section("Others", "*", "*"),
)
_Found = tuple[ZooModel, Row]
_HEADER = (
    "| model | protocol | metric | ours | paper | K | targets | steps | minutes |",
    "|---|---|---|---:|---:|---:|---:|---:|---:|",
)


def results_summary(models: Sequence[ZooModel]) -> str:
    """By section what was measured in the same way as grids, table 1 of each model, and of other
    rows what the paper prints a figure for, and a model's first bound where it is one of them."""
    return "\n\n".join(
        part
        for section, found in _by_section(models).items()
        if (tables := _tables(found))
        for part in (f"## {section.title}", *tables)
    )


def section_grids(models: Sequence[ZooModel]) -> list[tuple[str, list[Grid]]]:
    """The title of each section with the tables of what was measured in the same way on its models,
    table 1 left out; only where there are some."""
    titled = ((section.title, _grids(found)) for section, found in _by_section(models).items())
    return [(title, grids) for title, grids in titled if grids]


def _by_section(models: Sequence[ZooModel]) -> dict[Section, list[_Found]]:
    found: dict[Section, list[_Found]] = {section: [] for section in SECTIONS}
    for model in models:
        for row in _most_important(model.rows):
            found[_section_of(model.name, row)].append((model, row))
    return found


def _section_of(name: str, row: Row) -> Section:
    return next(
        section
        for section in SECTIONS
        if fnmatchcase(name, section.models) and fnmatchcase(row.protocol, section.protocols)
    )


def _tables(found: Sequence[_Found]) -> list[str]:
    lines, of_table1 = [], []
    for model, rows in _by_model(found):
        others, _ = _split_grids(rows)
        lines += [markdown_line((model.name, *full_cells(row))) for row in others]
        table1 = split_table1(rows)[1]
        of_table1 += [f"{model.name}, {grid.markdown()}" for grid in table1_grids(table1)]
    table = ["\n".join([*_HEADER, *lines])] if lines else []
    return [*table, *(grid.markdown() for grid in _grids(found)), *of_table1]


def _most_important(rows: Sequence[Row]) -> list[Row]:
    others, gridded = _split_grids(rows)
    first = first_bound(rows)
    ordered = [row for _, group in by_protocol(others) for row in group]
    return [row for row in ordered if row == first or row.paper is not None] + gridded


def _split_grids(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """The rows that stand by themselves, and those of the grids."""
    gridded = []
    for split in (split_classification, split_few_shot, split_memory, split_nll, split_table1):
        rows, own = split(rows)
        gridded += own
    return rows, gridded


def _grids(found: Sequence[_Found]) -> list[Grid]:
    classified, few_shot, of_memories, unlabelled = [], [], [], []
    for model, rows in _by_model(found):
        classified += [(model.name, row) for row in split_classification(rows)[1]]
        few_shot += [(model, row) for row in split_few_shot(rows)[1]]
        of_memories += [(model, row) for row in split_memory(rows)[1]]
        unlabelled += [(model, row) for row in split_nll(rows)[1]]
    return [
        *few_shot_grids(few_shot),
        *memory_grids(of_memories),
        *classification_grids(classified),
        *nll_grids(unlabelled),
    ]


def _by_model(found: Sequence[_Found]) -> list[tuple[ZooModel, list[Row]]]:
    models = {model.name: model for model, _ in found}
    return [(model, [row for other, row in found if other is model]) for model in models.values()]
