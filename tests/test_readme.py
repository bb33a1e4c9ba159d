"""What the README says is what is committed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tfvma.errors import InvalidArgumentError
from tfvma.evaluation.results_table import BEGIN, END, results_table, with_results
from tfvma.presets import preset_names

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


def test_results_are_those_of_the_metrics_files():
    text = README.read_text()
    assert text == with_results(text, results_table(ROOT / "savedmodels"))


def test_files_that_it_names_exist():
    links = re.findall(r"\]\((?!https?:|#)([^)\s]+)\)", README.read_text())
    assert links
    missing = [link for link in links if not (ROOT / link).exists()]
    assert not missing


def test_presets_that_it_names_exist():
    named = re.findall(r"--preset (\w+)", README.read_text())
    assert named
    assert set(named) <= set(preset_names())


def test_table_goes_between_the_marks():
    text = f"before\n{BEGIN}\nold\n{END}\nafter"
    assert with_results(text, "new") == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter"
    with pytest.raises(InvalidArgumentError, match="README"):
        with_results("no marks", "new")
