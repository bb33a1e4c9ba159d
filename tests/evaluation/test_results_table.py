"""The table of what matters most, the table of everything, and the pages they go into."""

from __future__ import annotations

import dataclasses

import pytest

from tests.evaluation.zoo_folder import add_model, few_shot_rows, row
from tfvma.errors import InvalidArgumentError
from tfvma.evaluation.in_short import in_short_table
from tfvma.evaluation.results_table import (
    BEGIN,
    END,
    main,
    results_table,
    with_results,
)
from tfvma.evaluation.stages_table import stages_table
from tfvma.evaluation.summary import results_summary
from tfvma.evaluation.zoo import read_zoo

PAGE = f"before\n{BEGIN}\nold\n{END}\nafter"


@pytest.fixture
def home(tmp_path):
    """A README, two pages of docs/, and savedmodels/ of two models."""
    printed = row("classification 5-way 1-shot", "accuracy", 0.9, None, paper=0.91)
    weighted = row("classification_iw 5-way 1-shot", "accuracy_iw", 0.92, 10)
    others = [row("few_shot C=8 S=4", "nll", 70.0, 100), row("nll", "nll", 99.0, 4)]
    add_model(tmp_path / "savedmodels", "some", [*others, *few_shot_rows(4), printed, weighted])
    cell = row("table1 C=1 S=1", "nll", 86.0, 1_000, paper=86.5)
    add_model(tmp_path / "savedmodels", "other", [cell])
    (tmp_path / "docs").mkdir()
    for page in ("README.md", "docs/experiments.md", "docs/results.md", "docs/stages.md"):
        (tmp_path / page).write_text(PAGE)
    return tmp_path


def test_everything_is_in_the_other_table_with_its_commands(home):
    text = results_table(read_zoo(home / "savedmodels"))
    assert "| nll omniglot26/test | NLL | 99.00 ± 0.50 |" in text
    assert "| few_shot C=8 S=4 omniglot26/test | NLL | 70.00 ± 0.50 | – | 100 |" in text
    assert "* `evaluate.py --protocol classification`, seed 0" in text


def test_a_command_stands_with_each_seed_that_it_was_given(home):
    rows = [dataclasses.replace(row("nll", "nll", 99.0, 4), seed=seed) for seed in (3, 5)]
    add_model(
        home / "savedmodels",
        "third",
        [*rows[:1], *(dataclasses.replace(r, metric="kl_z") for r in rows[1:])],
    )
    text = results_table(read_zoo(home / "savedmodels"))
    assert f"* `{rows[0].command}`, seed 3\n* `{rows[0].command}`, seed 5" in text


def test_each_page_has_its_own_table(home):
    assert main([str(home / "README.md")]) == 0
    models = read_zoo(home / "savedmodels")
    assert (home / "README.md").read_text() == with_results(PAGE, in_short_table(models))
    experiments = (home / "docs" / "experiments.md").read_text()
    assert experiments == with_results(PAGE, results_summary(models))
    assert (home / "docs" / "results.md").read_text() == with_results(PAGE, results_table(models))
    assert (home / "docs" / "stages.md").read_text() == with_results(PAGE, stages_table(models))


def test_no_page_is_written_where_one_has_no_marks(home, capsys):
    (home / "docs" / "results.md").write_text("no marks")
    assert main([str(home / "README.md")]) == 2
    assert "expected the lines" in capsys.readouterr().err
    assert (home / "README.md").read_text() == PAGE
    assert main([]) == 2


def test_table_goes_between_the_marks():
    assert with_results(PAGE, "new") == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter"
    with pytest.raises(InvalidArgumentError, match="expected the lines"):
        with_results("no marks", "new")
