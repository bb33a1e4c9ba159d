from __future__ import annotations

import copy
import math

import pytest

from tests.study import example
from tests.study.example import RECALL, small_record
from tfvma.study.standings import best, level, points, standings

ROWS = {row.estimator: row for row in standings(RECALL)}


def test_goals_are_reached_at_the_first_validation_that_shows_it():
    ovis = ROWS["ovis"].recalled
    # Seed 0 at step 200, seed 1 at its end, step 250; log 256 + 1 = 6.545.
    assert (ovis.count, ovis.steps, ovis.cpu_seconds) == (2, 225.0, 2.25)
    vimco = ROWS["vimco"]
    assert vimco.recalled.count == 0
    assert math.isnan(vimco.recalled.cpu_seconds)
    assert (vimco.found.count, vimco.found.steps) == (2, 225.0)
    assert ROWS["wake_wake"].found.steps == 250.0


def test_measurements_at_the_end():
    vimco = ROWS["vimco"]
    assert vimco.ends["nll"] == (20.0, 30.0)
    assert vimco.mean("nll") == 25.0
    assert (vimco.seeds, vimco.steps, vimco.milliseconds) == (2, 250.0, pytest.approx(10.0))
    nvil = ROWS["nvil"]
    assert (nvil.seeds, nvil.diverged) == (1, 1)
    assert math.isnan(nvil.mean("nll"))


def test_the_best_come_first():
    order = [row.estimator for row in standings(RECALL)]
    # Recalled; found, with two seeds and with one; by the NLL; diverged.
    assert order == ["ovis", "vimco", "wake_wake", "exact", "nvil"]
    assert best(RECALL) == ("ovis", "vimco", "wake_wake")
    without = {**RECALL, "runs": [run for run in RECALL["runs"] if run["estimator"] != "vimco"]}
    assert best(without) == ("ovis", "wake_wake", "exact", "vimco")


def test_of_two_that_recalled_the_faster_is_better():
    task = copy.deepcopy(RECALL)
    for run in task["runs"]:
        if run["estimator"] == "vimco":
            run["curve"]["nll"] = [6.0, 6.0]
    assert standings(task)[0].estimator == "vimco"


def test_where_nothing_is_recalled_the_nll_counts():
    few_shot = small_record()["tasks"]["few_shot"]
    assert [row.estimator for row in standings(few_shot)] == [
        *("ovis", "vimco", "wake_wake", "exact", "nvil")
    ]
    few_shot["runs"][0]["end"]["nll"] = -100.0
    assert standings(few_shot)[0].estimator == "vimco"


def test_where_nothing_is_recalled_it_counts_after_the_time_that_every_run_had():
    few_shot = small_record()["tasks"]["few_shot"]
    few_shot["runs"] = [
        example.run("ovis", 0, [90.0, 80.0, 70.0, 60.0], [0.5] * 4),
        example.run("exact", 0, [75.0, 65.0], [0.5] * 2),
        example.diverged("nvil", 0),
    ]
    exact, ovis, _ = standings(few_shot)
    # Half way between the validations at steps 100 and 200, of 10 ms each.
    assert exact.equal_seconds == ovis.equal_seconds == 1.5
    assert exact.nll_then == (65.0,) and ovis.nll_then == (85.0,)

    few_shot["costs"] = {"ovis": 0.005, "exact": 0.02, "nvil": 0.01}
    ovis, exact, _ = standings(few_shot)
    assert ovis.milliseconds == 5.0 and exact.milliseconds == 20.0
    # 350 steps of 5 ms, which exact has had after 87.5.
    assert ovis.equal_seconds == 1.75 and ovis.nll_then == (60.0,)
    assert exact.nll_then == (75.0,)


def test_of_those_that_cannot_be_told_apart_the_one_with_the_right_address_is_preferred():
    few_shot = small_record()["tasks"]["few_shot"]
    few_shot["runs"] = [
        example.run("ovis", 0, [90.0, 70.0], [0.1, 0.1]),
        example.run("ovis", 1, [90.0, 80.0], [0.1, 0.3]),
        example.run("vimco", 0, [90.0, 79.0], [0.1, 0.6]),
        example.run("exact", 0, [90.0, 81.0], [0.1, 0.9]),
    ]
    assert [row.estimator for row in level(few_shot)] == ["vimco", "ovis"]
    few_shot["runs"].pop(1)
    assert [row.estimator for row in level(few_shot)] == ["ovis"]
    few_shot["runs"].append(example.diverged("ovis", 2))
    assert [row.estimator for row in level(few_shot)] == ["vimco"]


def test_a_mean_over_the_seeds_that_are_left_does_not_stand_first():
    few_shot = small_record()["tasks"]["few_shot"]
    few_shot["runs"] = [
        example.run("ovis", 0, [90.0, 70.0], [0.5, 0.5]),
        example.diverged("ovis", 1),
        example.run("exact", 0, [90.0, 80.0], [0.5, 0.5]),
        example.run("exact", 1, [90.0, 85.0], [0.5, 0.5]),
    ]
    assert [row.estimator for row in standings(few_shot)] == ["exact", "ovis"]


def test_the_end_is_a_point_unless_it_was_validated():
    run = copy.deepcopy(RECALL["runs"][0])
    assert [point["step"] for point in points(run)] == [100, 200, 250]
    assert points(run)[-1]["nll"] == 20.0
    run["step"] = 200
    assert [point["step"] for point in points(run)] == [100, 200]
    run["end"] = None
    assert [point["step"] for point in points(run)] == [100, 200]


def test_a_share_of_the_seeds_counts_and_not_their_number():
    """One of one that recalled is before two of three, though these were faster."""
    task = copy.deepcopy(RECALL)
    (ovis,) = [run for run in task["runs"] if run["estimator"] == "ovis"][:1]
    failed = copy.deepcopy(next(run for run in task["runs"] if run["estimator"] == "vimco"))
    task["runs"] = [run for run in task["runs"] if run["estimator"] == "ovis"]
    task["runs"].append({**failed, "estimator": "ovis", "seed": 2})
    slower = copy.deepcopy(ovis)
    slower["curve"]["cpu_seconds"] = [10 * value for value in slower["curve"]["cpu_seconds"]]
    task["runs"].append({**slower, "estimator": "exact"})
    first, second = standings(task)
    assert [(row.estimator, row.recalled.count, row.seeds) for row in (first, second)] == [
        ("exact", 1, 1),
        ("ovis", 2, 3),
    ]
