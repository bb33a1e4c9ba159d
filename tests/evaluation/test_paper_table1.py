"""The figures of table 1 stand where they belong."""

from __future__ import annotations

import pytest

from tfvma.evaluation.paper_table1 import GMN, VMA, table1_note, table1_value
from tfvma.evaluation.protocols import FewShot, Table1, table1


def value(protocol, dataset="gmn", split="test", metric="nll", num_samples=1_000):
    return table1_value(protocol, dataset, split, metric, num_samples)


def test_every_cell_has_its_figure():
    figures = [value(protocol) for protocol in table1()]
    assert len(figures) == 28 and None not in figures
    printed = [value(Table1(c, s)) for c, s in ((1, 1), (1, 19), (2, 5), (4, 10), (16, 4))]
    assert printed == [86.5, 73.9, 79.1, 78.6, 81.9]


@pytest.mark.parametrize("figures", [VMA, GMN])
def test_more_characters_are_harder_and_more_examples_easier(figures):
    """But for one pair of figures, which the paper prints so."""
    for shots in range(7):
        column = [row[shots] for row in figures.values()]
        assert column == sorted(column)
    unsorted = [row for row in figures.values() if list(row) != sorted(row, reverse=True)]
    assert unsorted == ([VMA[16]] if figures is VMA else [])


@pytest.mark.parametrize(
    "other", [{"dataset": "omniglot26"}, {"split": "train"}, {"metric": "kl_z"}, {"num_samples": 4}]
)
def test_nothing_else_is_printed(other):
    assert value(Table1(1, 1), **other) is None


def test_neither_for_other_numbers_nor_other_protocols():
    assert value(Table1(8, 1)) is value(Table1(1, 6)) is value(FewShot(1, 1)) is None


def test_a_note_goes_with_a_figure():
    assert table1_note(None) == ""
    assert "states neither how many targets" in table1_note(86.5)
