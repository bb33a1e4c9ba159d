"""The main figures in one table, each from its row."""

from __future__ import annotations

from tests.evaluation.zoo_folder import add_model, row
from tfvma.evaluation.in_short import in_short_table
from tfvma.evaluation.zoo import read_zoo

RECALLED = "recall M=256 binarized_mnist"


def lines(folder) -> list[str]:
    return [
        line for line in in_short_table(read_zoo(folder)).splitlines()[2:] if line.startswith("|")
    ]


def test_figures_of_the_paper_are_those_of_the_rows_or_said_beside(tmp_path):
    accuracy = row("classification 5-way 1-shot", "accuracy", 0.925, None, paper=0.91)
    few_shot = row("few_shot C=8 S=1", "nll", 73.25, 4)
    add_model(tmp_path, "omniglot26_vma_1shot_tied", [accuracy, few_shot])
    other = [row("few_shot C=8 S=16", "nll", 67.5, 4), row("few_shot C=8 S=16", "nll", 60.0, 100)]
    add_model(tmp_path, "omniglot26_vma_16shot", other)
    assert lines(tmp_path) == [
        "| the same with one key for entries and queries, NLL | – | 73.25 ± 0.50 | 4 "
        "| 2,880 | 6,000 | 12 | omniglot26_vma_1shot_tied | – |",
        "| few-shot, most examples (here 16), NLL | 69.1, best 68.8 | 67.50 ± 0.50 | 4 "
        "| 2,880 | 6,000 | 12 | omniglot26_vma_16shot | – |",
        "| 5-way 1-shot accuracy by q(a\\|x) | 91 % | 92.5 ± 50.0 % | – "
        "| 2,880 | 6,000 | 12 | omniglot26_vma_1shot_tied | – |",
    ]


def test_of_table_1_the_mean_of_its_cells(tmp_path):
    """Of their errors too, as these are correlated; the targets are the fewest of a cell."""
    cells = (
        (1, 80.25, 81.0, 0.25, 2_880),
        (2, 77.0, 80.0, 0.5, 1_440),
        (3, 79.0, 79.5, 0.9, 4_320),
    )
    rows = [
        row(f"table1 C=1 S={shots}", "nll", nll, 1_000, paper=paper, stderr=stderr, targets=targets)
        for shots, nll, paper, stderr, targets in cells
    ]
    rows.append(row("table1 C=1 S=3", "kl_z", 9.0, 1_000))
    add_model(tmp_path, "gmn_vma_large", rows)
    (line,) = lines(tmp_path)
    assert line.startswith("| table 1, NLL, mean of 3 cells of ")
    assert line.endswith(
        "| 80.17 | 78.75 ± 0.55 | 1,000 | 1,440 | 6,000 | 12 | gmn_vma_large | – |"
    )


def test_what_differs_is_marked_and_told_below(tmp_path):
    add_model(tmp_path, "omniglot26_vma_1shot_tied", [row("few_shot C=8 S=1", "nll", 73.25, 4)])
    add_model(
        tmp_path, "mnist_recall256", [row("recall M=256", "nll", 5.5, 1_000)], entry_to_logits=16.0
    )
    for model in ("omniglot26_vma_1shot_tied", "mnist_recall256"):
        path = tmp_path / model / "metrics.json"
        path.write_text(path.read_text().replace("recall M=256 omniglot26", RECALLED))
    *_, last = in_short_table(read_zoo(tmp_path)).splitlines()
    assert last == (
        "What differs from the paper: d: a decoder that begins as a copy of the entry, which the "
        "paper's has to learn."
    )
    recall, few_shot = lines(tmp_path)
    assert recall.endswith("| mnist_recall256 | d |") and few_shot.endswith("_tied | – |")


def test_without_their_rows_there_is_none(tmp_path):
    add_model(tmp_path, "gmn_vma_large", [row("few_shot C=8 S=1", "nll", 73.25, 4)])
    add_model(tmp_path, "omniglot26_vae", [])
    assert in_short_table(read_zoo(tmp_path)) == ""
