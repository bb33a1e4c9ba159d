"""The benchmark compares rates with the ideal and writes what it promises."""

from __future__ import annotations

import json

import pytest

from benchmarks import two_workers
from benchmarks.two_workers import Setting, make_rows, table

ONE, TWO, BOTH = two_workers._SETTINGS


def test_ratio_is_to_the_rate_of_one_core_times_the_cores():
    rows = make_rows({ONE: [0.5, 0.5], TWO: [0.625, 0.625], BOTH: [0.8, 0.8]})
    assert [row["episodes_per_second"] for row in rows] == [2.0, 3.2, 2.5]
    assert [row["ideal_episodes_per_second"] for row in rows] == [2.0, 4.0, 4.0]
    assert [row["ratio"] for row in rows] == [1.0, 0.8, 0.625]
    heading, line, *values = table(rows).splitlines()
    assert {text.count("|") for text in (heading, line, *values)} == {6}
    assert values[1] == "| 2 workers, 1 core each | 3.20 | 3.20 to 3.20 | 4.00 | 0.80 |"


def test_command_line_writes_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(two_workers, "time_turn", lambda setting, steps: [1.0] * steps)
    monkeypatch.setattr(two_workers, "_cores", lambda: [0, 1])
    output = tmp_path / "results" / "two_workers.json"
    assert two_workers.main(["--quick", "--output", str(output)]) == 0
    written = json.loads(output.read_text())
    assert set(written) == {"machine", "versions", "rows"}
    assert [Setting(row["workers"], row["cores"], row["episodes"]) for row in written["rows"]] == [
        ONE,
        TWO,
        BOTH,
    ]


@pytest.mark.parametrize(
    ("arguments", "cores", "message"),
    [
        (["--rounds", "0"], [0, 1], "--rounds=0: expected at least 1"),
        (["--steps", "0"], [0, 1], "--steps=0: expected at least 1"),
        ([], [0], "expected at least two"),
    ],
)
def test_what_cannot_work_is_refused(arguments, cores, message, monkeypatch, capsys):
    monkeypatch.setattr(two_workers, "_cores", lambda: cores)
    assert two_workers.main(["--quick", *arguments]) == 2
    assert message in capsys.readouterr().err
