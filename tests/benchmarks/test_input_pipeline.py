"""The benchmark draws the preset's episodes and writes what it promises."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import input_pipeline
from benchmarks.input_pipeline import make_copy, make_row, mean_milliseconds, table
from tfvma.presets import get_preset

CONFIG = get_preset("omniglot26_vma_4shot")


def test_row_and_table():
    row = make_row(CONFIG, 4, [0.25, 0.2, 0.5, 0.25, 0.4], [0.125, 0.1, 0.2])
    assert (row["num_targets"], row["memory_size"]) == (32, 32)
    assert row["kilobytes"] == pytest.approx(64 * 26 * 26 * 4 / 1e3, abs=0.05)
    assert row["episodes_per_second"] == 4000.0
    assert row["quartiles"] == [2500.0, 4000.0]
    assert row["floor_milliseconds"] == 0.1
    assert row["ratio"] == 2.5
    heading, line, values = table([row]).splitlines()
    assert heading.count("|") == line.count("|") == values.count("|")
    assert values == "| 32 | 32 | 4 | 173 | 4,000 | 2,500 to 4,000 | 0.250 | 0.100 | 2.5 |"


def test_every_shot_has_its_own_episodes(monkeypatch):
    shapes = []

    def call_once(call, warm_up, count):
        episode = call()
        if episode is not None:
            shapes.append((episode["x"].shape[0], episode["memory"].shape[0]))
        return 1.0

    monkeypatch.setattr(input_pipeline, "mean_milliseconds", call_once)
    measured = input_pipeline.measure(CONFIG, [1, 2], rounds=2, episodes=3)
    assert shapes == [(32, 8), (32, 16)] * 2
    assert measured == {shots: ([1.0, 1.0], [1.0, 1.0]) for shots in (1, 2)}


def test_copy_leaves_the_episode_as_it_is():
    episode = {name: tf.ones([2, 3, 3, 1]) for name in ("x", "memory")}
    assert make_copy(episode)() is None
    np.testing.assert_array_equal(episode["x"], 1.0)


def test_warm_up_is_called_too():
    calls = []
    assert mean_milliseconds(lambda: calls.append(1), 2, 3) >= 0.0
    assert len(calls) == 5


def test_command_line_writes_rows(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(input_pipeline, "measure", lambda *_: {4: ([0.5], [0.25])})
    output = tmp_path / "results" / "input_pipeline.json"
    assert input_pipeline.main(["--quick", "--output", str(output)]) == 0
    result = json.loads(output.read_text())
    assert set(result) == {"machine", "versions", "rows"}
    assert "matrix_gigaflops_per_second" not in result["machine"]
    assert result["rows"][0]["ratio"] == 2.0
    assert "| 2,000 |" in capsys.readouterr().out


@pytest.mark.parametrize("option", [["--rounds", "0"], ["--episodes", "0"], ["--shots", "4", "0"]])
def test_bad_option_is_named(option, capsys):
    assert input_pipeline.main(option) == 2
    assert capsys.readouterr().err == f"error: {option[0]}=0: expected at least 1.\n"
