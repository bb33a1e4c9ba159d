"""Rows of table1 laid out as the paper has them."""

from __future__ import annotations

from tfvma.evaluation.metrics_file import Row, write_rows
from tfvma.evaluation.results_table import results_table
from tfvma.evaluation.table1_grid import split_table1, table1_grids
from tfvma.evaluation.zoo import read_zoo
from tfvma.presets import get_preset
from tfvma.training.run_folder import RunFolder, write_config


def row(protocol: str, value: float, num_samples=1_000, paper=None, metric="nll", steps=None):
    minutes = None if steps is None else 59.6
    return Row(
        protocol, metric, value, 0.84, num_samples, 1_024, steps, minutes, "0", 0, paper, "", ""
    )


def test_rows_of_other_protocols_are_set_apart():
    cell, other = row("table1 C=1 S=1 gmn/test", 1.0), row("few_shot C=1 S=1 gmn/test", 2.0)
    assert split_table1([cell, other]) == ([other], [cell])


def test_each_cell_in_its_place_above_the_papers():
    rows = [
        row("table1 C=16 S=19 gmn/test", 78.04, paper=77.0, steps=4_000),
        row("table1 C=1 S=3 gmn/test", 81.96, paper=79.6, steps=4_000),
        row("table1 C=1 S=3 gmn/test", 20.0, metric="kl_z"),
    ]
    (grid,) = table1_grids(rows)
    assert grid.markdown().splitlines() == [
        "table1 gmn/test: NLL at K = 1,000 with S examples of each of C characters in memory, at "
        "least 1,024 targets in each cell, after 4,000 steps (60 minutes):",
        "",
        "| C |  | S = 1 | S = 2 | S = 3 | S = 4 | S = 5 | S = 10 | S = 19 |",
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| 1 | ours | – | – | 82.0 ± 0.8 | – | – | – | – |",
        "|  | paper | 86.5 | 83.0 | 79.6 | 79.0 | 76.5 | 76.2 | 73.9 |",
        "|  | paper, GMN | 83.3 | 78.9 | 75.7 | 72.9 | 70.1 | 59.9 | 45.8 |",
        "| 16 | ours | – | – | – | – | – | – | 78.0 ± 0.8 |",
        "|  | paper | 89.6 | 85.1 | 81.5 | 81.9 | 81.3 | 79.8 | 77.0 |",
        "",
        "Figures of GMN may mean something else: the code released with it counts the examples of "
        "all characters together and draws with replacement, so that a target can be among its "
        "examples.",
    ]


def test_grid_and_list_stand_apart_in_the_results_table(tmp_path):
    rows = [row("table1 C=2 S=1 gmn/test", 90.0, paper=87.2), row("nll gmn/test", 91.0)]
    (tmp_path / "some").mkdir()
    write_config(RunFolder(tmp_path / "some"), get_preset("gmn_vma"))
    write_rows(tmp_path / "some" / "metrics.json", rows)
    text = results_table(read_zoo(tmp_path))
    assert "| nll gmn/test | NLL | 91.00 ± 0.84 |" in text
    assert "| 2 | ours | 90.0 ± 0.8 |" in text and "| table1" not in text
    assert "* `python train.py --preset gmn_vma`\n" in text
    write_rows(tmp_path / "some" / "metrics.json", rows[:1])
    assert "| protocol |" not in results_table(read_zoo(tmp_path))


def test_one_for_each_dataset_and_k_without_figures_that_are_not_the_papers():
    rows = [
        row("table1 C=2 S=1 gmn/test", 90.0, 1_000, paper=87.2),
        row("table1 C=2 S=1 strokes/test", 40.0),
        row("table1 C=2 S=1 gmn/test", 95.0, 4),
    ]
    few, many, strokes = (grid.markdown() for grid in table1_grids(rows))
    assert "gmn/test: NLL at K = 4 with" in few and "paper" not in few
    assert "gmn/test: NLL at K = 1,000 with" in many and "| paper | 87.2 |" in many
    assert "strokes/test" in strokes and "paper" not in strokes
    assert "steps" not in strokes
