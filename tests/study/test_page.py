"""The page says what the record says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.study import example
from tests.study.example import small_record
from tfvma.errors import InvalidArgumentError
from tfvma.study.page import BEGIN, END, measured_part, with_measured
from tfvma.study.standings import best_rates
from tfvma.study.tasks import RECALL_RATES

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.skipif(not (DOCS / "estimators.json").exists(), reason="no study is committed")
def test_the_committed_page_is_that_of_its_record():
    text = (DOCS / "estimators.md").read_text()
    record = json.loads((DOCS / "estimators.json").read_text())
    assert text == with_measured(text, measured_part(record)), "run python -m tfvma.study.report"
    links = re.findall(r"\]\((?!https?:|#)([^)\s]+)\)", text)
    assert links
    assert not [link for link in links if not (DOCS / link).exists()]


def test_tables_follow_the_record():
    record = small_record()
    text = measured_part(record)
    assert (
        "| `ovis` | 0.001 | 2 of 2 | 225 | 2 | 2 of 2 | 150 | 2 | 6.0 (6.0–6.0) | 5.00 | 100 % "
        "| 0.50 | 250 | 10.0 |"
    ) in text
    assert "| `vimco` | 0.001 | 0 of 2 | – | – | 2 of 2 | 225 | 2 | 25.0 (20.0–30.0) |" in text
    assert "| `nvil` | 0.001 | 0 of 1 | – | – | 0 of 1 | – | – | –; 1 diverged | – | – |" in text
    assert "| `ovis` | 0.50 | 0.50 | 0.50 | 1.0e-02 | 1.0e-02 | 1.0e-02 |" in text
    assert "| `vimco` | 0.001 | 8 | 1 of 1 | 200 | 2 | 1 of 1 |" in text

    record["tasks"]["recall256"]["runs"][2]["end"]["kl_a"] = 3.0
    assert "| 4.00 | 100 % |" in measured_part(record)


def test_who_was_first_is_computed():
    record = small_record()
    record["tasks"] = {"recall256": record["tasks"]["recall256"]}
    flat = " ".join(measured_part(record).split())
    assert (
        "1 of 5 estimators reached log M + 1 = 6.55 nats: first in seconds was `ovis` (2 s), in "
        "steps `ovis` (225)."
    ) in flat
    for run in record["tasks"]["recall256"]["runs"]:
        if run["estimator"] == "ovis":
            run["curve"]["nll"], run["end"]["nll"] = [50.0, 50.0], 40.0
    flat = " ".join(measured_part(record).split())
    assert "3 of 5 estimators reached an address accuracy of 0.95: first in seconds was" in flat
    for run in record["tasks"]["recall256"]["runs"]:
        run["curve"]["address_accuracy"] = [0.0 for _ in run["curve"]["step"]]
        if run["end"]:
            run["end"]["address_accuracy"] = 0.0
    flat = " ".join(measured_part(record).split())
    assert "the lowest mean NLL at the end was that of `vimco` (25.0 nats)" in flat


def test_few_shot_after_equal_seconds():
    record = small_record()
    few_shot = record["tasks"]["few_shot"]
    few_shot["runs"] = [
        example.run("ovis", 0, [90.0, 80.0, 70.0], [0.1, 0.2, 0.3]),
        example.run("vimco", 0, [91.0, 75.0], [0.1, 0.6]),
        example.run("vimco", 1, [91.0, 85.0], [0.1, 0.6]),
    ]
    record["tasks"] = {"few_shot": few_shot}
    flat = " ".join(measured_part(record).split())
    assert "| rate | seeds | CPU ms a step | NLL after 2 s | NLL at the end | steps |" in flat
    assert "| `vimco` | 0.001 | 2 | 10.0 | 80.0 (75.0–85.0) | 80.0 (75.0–85.0) | 150 |" in flat
    assert "| `ovis` | 0.001 | 1 | 10.0 | 85.0 | 70.0 | 250 |" in flat
    assert "the lowest NLL was that of `vimco` (80.0 (75.0–85.0) nats)." in flat
    assert "Values that overlap with its: `ovis`." in flat
    assert "right most often with `vimco` (60 %)." in flat
    assert "study.costs" not in flat
    few_shot["costs"] = {"ovis": 0.005, "vimco": 0.02}
    flat = " ".join(measured_part(record).split())
    assert "python -m tfvma.study.costs --task few_shot" in flat
    assert "| `ovis` | 0.001 | 1 | 5.0 | 70.0 | 70.0 | 250 |" in flat
    assert "Of no other do the values overlap with its." in flat


def test_a_gradient_that_does_not_vary_has_no_ratio():
    record = small_record()
    row = record["tasks"]["recall256"]["gradients"][0]
    row.update(snr_addressing=None, variance_addressing=0.0)
    text = measured_part(record)
    assert "| `vimco` | – | 0.10 | 0.10 | 0.0e+00 |" in text


def test_learning_rates_are_chosen_by_standing():
    record = small_record()
    record["tasks"] = {"rates": record["tasks"]["rates"]}
    text = measured_part(record)
    assert "| estimator | rate 0.001 | rate 0.002 | chosen |" in text
    assert "| `ovis` | 6.0 (1 s) | 80.0 | 0.001 |" in text
    assert "| `vimco` | 90.0 | 60.0 | 0.002 |" in text


@pytest.mark.skipif(not (DOCS / "estimators.json").exists(), reason="no study is committed")
def test_the_rates_of_recall_are_those_that_stood_best():
    record = json.loads((DOCS / "estimators.json").read_text())
    assert best_rates(record["tasks"]["rates"]) == RECALL_RATES


def test_what_was_measured_goes_between_the_marks():
    assert with_measured(f"a\n{BEGIN}\nold\n{END}\nb", "new") == f"a\n{BEGIN}\n\nnew\n\n{END}\nb"
    with pytest.raises(InvalidArgumentError, match="page: expected the lines"):
        with_measured("no marks", "new")
