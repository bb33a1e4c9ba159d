"""The benchmark of scores runs, scores what it says, and writes what it promises."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import evaluation, scoring
from benchmarks.arithmetic import score_arithmetic
from benchmarks.evaluation import Setting
from benchmarks.scoring import Drawn
from tfvma.config import ModelConfig
from tfvma.models.build import build_model
from tfvma.presets import get_preset

TINY = ModelConfig(filters=(3, 4), hidden_units=5, latent_dim=2, key_dim=3)
CONFIG = dataclasses.replace(get_preset("omniglot26_vma_4shot"), model=TINY)


def test_what_is_drawn_is_what_the_score_encodes(monkeypatch):
    model = build_model(CONFIG)
    counts = {"entries": 0, "pairs": 0}

    def counting(name, method):
        def counted(rows):
            def count(rows):
                # Padding repeats rows.
                counts[name] += len(np.unique(rows, axis=0))
                return np.float32(0.0)

            with tf.control_dependencies([tf.numpy_function(count, [rows], tf.float32)]):
                return method(tf.identity(rows))

        return counted

    posterior = model.posterior
    for name, method in (("entries", "project_entry"), ("pairs", "from_projection")):
        monkeypatch.setattr(posterior, method, counting(name, getattr(posterior, method)))
    run, drawn = scoring.make_score(model, 3, 10, 6)
    counts.update(entries=0, pairs=0)
    run()
    assert counts["pairs"] == drawn.pairs
    # Slot 0, with which entries are padded, need not have been drawn.
    assert counts["entries"] - drawn.entries in (0, 1)
    assert 1 < drawn.entries <= 10
    assert drawn.entries < drawn.pairs < 3 * 6


def test_targets_are_other_drawings_of_the_characters_in_memory():
    x, memory = scoring._drawings(4, 36)
    assert (x.shape, memory.shape) == ((4, 26, 26, 1), (36, 26, 26, 1))
    flat = np.reshape(tf.concat([x, memory], axis=0), [40, -1])
    assert len(np.unique(flat, axis=0)) == 40


def test_turns_last_as_long_as_asked():
    seconds = evaluation.time_turn(lambda: None, least=1e-5)
    assert sum(seconds) >= 1e-5 > sum(seconds[:-1])


def test_row_and_table():
    setting, drawn = Setting(3, 10, 6), Drawn(entries=5, pairs=9)
    row = evaluation.make_row(TINY, setting, drawn, [0.5, 0.25, 1.0], 1e9)
    arithmetic = score_arithmetic(TINY, 3, 10, 6, num_entries=5, num_pairs=9)
    assert row["seconds"] == 0.5
    assert row["range"] == [0.25, 1.0]
    assert row["samples_per_second"] == 36
    assert row["floor_seconds"] == pytest.approx(arithmetic / 1e9, abs=5e-5)
    assert row["ratio"] == pytest.approx(0.5 / (arithmetic / 1e9), abs=1e-3)
    heading, line, values = evaluation.table([row]).splitlines()
    assert heading.count("|") == line.count("|") == values.count("|")
    assert values.startswith("| 3 | 10 | 6 | 5 | 9 | 0.500 | 0.250 to 1.000 | 36 |")


def test_command_line_writes_rows(tmp_path, monkeypatch, capsys):
    scores = {Setting(3, 10, 6): (Drawn(5, 9), [0.5])}
    monkeypatch.setattr(evaluation, "measure", lambda *_: (TINY, scores, 1e9))
    output = tmp_path / "results" / "evaluation.json"
    assert evaluation.main(["--quick", "--output", str(output)]) == 0
    result = json.loads(output.read_text())
    assert set(result) == {"machine", "versions", "rows"}
    assert result["rows"][0]["samples_per_second"] == 36
    assert "| 3 | 10 | 6 |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (["--rounds", "0"], "--rounds=0: expected at least 1."),
        (["--settings", "1,2"], "--settings='1,2': expected three positive whole numbers"),
        (["--settings", "1,2,3", "1,0,3"], "--settings='1,0,3': expected three positive"),
    ],
)
def test_bad_option_is_named(option, message, capsys):
    assert evaluation.main(option) == 2
    assert capsys.readouterr().err.startswith(f"error: {message}")
