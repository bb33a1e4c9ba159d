"""The main figures in one table, each from its row."""

from __future__ import annotations

from tests.evaluation.zoo_folder import add_model, row
from tfvma.evaluation.in_short import in_short
from tfvma.evaluation.zoo import read_zoo


def lines(folder) -> list[str]:
    return in_short(read_zoo(folder)).splitlines()[2:]


def test_figures_of_the_paper_are_those_of_the_rows_or_said_beside(tmp_path):
    accuracy = row("classification 5-way 1-shot", "accuracy", 0.925, None, paper=0.91)
    few_shot = row("few_shot C=8 S=1", "nll", 73.25, 4)
    add_model(tmp_path, "omniglot26_vma_1shot_tied", [accuracy, few_shot])
    other = [row("few_shot C=8 S=16", "nll", 67.5, 4), row("few_shot C=8 S=16", "nll", 60.0, 100)]
    add_model(tmp_path, "omniglot26_vma_16shot", other)
    assert lines(tmp_path) == [
        "| the same with one key for entries and queries, NLL | – | 73.25 ± 0.50 | 4 "
        "| 2,880 | 6,000 | 12 | omniglot26_vma_1shot_tied |",
        "| few-shot, most examples (here 16), NLL | 69.1 | 67.50 ± 0.50 | 4 "
        "| 2,880 | 6,000 | 12 | omniglot26_vma_16shot |",
        "| 5-way 1-shot accuracy by q(a\\|x) | 91 % | 92.5 ± 50.0 % | – "
        "| 2,880 | 6,000 | 12 | omniglot26_vma_1shot_tied |",
    ]


def test_of_table_1_the_mean_of_its_cells(tmp_path):
    rows = [
        row(f"table1 C=1 S={shots}", "nll", nll, 1_000, paper=paper)
        for shots, nll, paper in ((1, 80.25, 81.0), (2, 77.0, 80.0), (3, 79.0, 79.5))
    ]
    rows.append(row("table1 C=1 S=3", "kl_z", 9.0, 1_000))
    add_model(tmp_path, "gmn_vma_large", rows)
    (line,) = lines(tmp_path)
    assert line.startswith("| table 1, mean NLL of its 3 cells, ")
    assert line.endswith("| 80.17 | 78.75 ± 0.50 | 1,000 | 2,880 | 6,000 | 12 | gmn_vma_large |")


def test_without_their_rows_there_is_none(tmp_path):
    add_model(tmp_path, "gmn_vma_large", [row("few_shot C=8 S=1", "nll", 73.25, 4)])
    add_model(tmp_path, "omniglot26_vae", [])
    assert in_short(read_zoo(tmp_path)) == ""
