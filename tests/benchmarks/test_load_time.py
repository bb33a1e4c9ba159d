"""The benchmark starts processes of TensorFlow alone and writes what it promises."""

from __future__ import annotations

import json

import pytest

from benchmarks import load_time
from benchmarks.load_time import STAGES, make_rows, start_and_answer, table
from tfvma.servable import find_version


def test_rows_and_table():
    ends = [[2.0, 3.0, 4.0, 4.5], [4.0, 4.5, 6.0, 6.25], [3.0, 5.0, 5.5, 6.0]]
    rows = make_rows(ends, [0.5, 0.25, 0.75], 2_000_000)
    assert [row["stage"] for row in rows] == list(STAGES)
    assert [row["seconds"] for row in rows] == [3.0, 1.0, 1.0, 0.5]
    assert [row["range"] for row in rows] == [[2.0, 4.0], [0.5, 2.0], [0.5, 1.5], [0.25, 0.5]]
    assert [row["seconds_since_start"] for row in rows] == [3.0, 4.5, 5.5, 6.0]
    assert [row.get("ratio") for row in rows] == [None, 4.0, None, None]
    assert rows[1]["megabytes"] == 2.0
    heading, line, *values = table(rows).splitlines()
    assert {text.count("|") for text in (heading, line, *values)} == {8}
    assert values[1] == (
        "| load the SavedModel | 1.000 | 0.500 to 2.000 | 4.50 | 3.00 to 5.00 | 0.2500 | 4 |"
    )


def test_a_process_goes_through_all_stages():
    ends = start_and_answer(find_version(load_time._MODEL))
    assert len(ends) == len(STAGES)
    assert ends == sorted(ends)


def test_a_process_that_fails_says_why(tmp_path):
    with pytest.raises(RuntimeError, match="SavedModel"):
        start_and_answer(tmp_path)


def test_command_line_writes_rows(tmp_path, monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(
        load_time, "start_and_answer", lambda _: calls.append(1) or [1.0, 2.0, 3.0, 4.0]
    )
    monkeypatch.setattr(load_time, "read_seconds", lambda _: 0.5)
    output = tmp_path / "results" / "load_time.json"
    assert load_time.main(["--quick", "--output", str(output)]) == 0
    # One is not counted.
    assert len(calls) == 2
    result = json.loads(output.read_text())
    assert set(result) == {"machine", "versions", "rows"}
    assert [row["processes"] for row in result["rows"]] == [1] * 4
    assert result["rows"][1]["ratio"] == 2.0
    assert "| second score | 1.000 |" in capsys.readouterr().out


def test_bad_option_is_named(capsys):
    assert load_time.main(["--rounds", "0"]) == 2
    assert capsys.readouterr().err == "error: --rounds=0: expected at least 1.\n"
