"""The page of speeds says what the results files say."""

from __future__ import annotations

import json
import re

from benchmarks import input_pipeline
from benchmarks.page import PAGE, RESULTS, SECTIONS, make_page, make_section

BY_NAME = {section.name: section for section in SECTIONS}


def test_page_is_that_of_the_results_files():
    assert PAGE.read_text() == make_page(RESULTS), "run python -m benchmarks.page"


def test_files_that_it_names_exist():
    links = re.findall(r"\]\((?!https?:|#)([^)\s]+)\)", PAGE.read_text())
    assert links
    assert not [link for link in links if not (PAGE.parent / link).exists()]


def test_every_benchmark_with_results_has_a_section():
    known = {path.stem for path in RESULTS.glob("*.json")}
    assert known == BY_NAME.keys()


def test_prose_holds_no_figures():
    assert not [section.name for section in SECTIONS if re.search(r"\d", section.text)]


def test_a_section_follows_its_file(tmp_path):
    section = BY_NAME["input_pipeline"]
    result = json.loads((RESULTS / "input_pipeline.json").read_text())
    result["machine"]["processor"] = "Abacus"
    result["rows"][0]["episodes_per_second"] = 12345.0
    file = tmp_path / "input_pipeline.json"
    file.write_text(json.dumps(result))
    text = make_section(section, tmp_path)
    assert input_pipeline.table(result["rows"]) in text
    assert "| 12,345 |" in text
    assert "Abacus, " in text
