"""The benchmark compares both ways on the same episodes, and writes what it promises."""

from __future__ import annotations

import dataclasses
import json

import pytest

from benchmarks import backward, timing, training_step
from benchmarks.arithmetic import step_arithmetic
from benchmarks.setting import Setting
from tfvma.config import ModelConfig
from tfvma.presets import get_preset

TINY = ModelConfig(image_size=6, filters=(3, 4), hidden_units=5, latent_dim=2, key_dim=3)
CONFIG = dataclasses.replace(get_preset("omniglot26_vma_4shot"), model=TINY)


@pytest.mark.parametrize("way", ["all_samples", "drawn_sample"])
def test_a_timed_step_trains_in_its_way(way, monkeypatch):
    made = []
    make_model = training_step.make_model
    monkeypatch.setattr(
        training_step, "make_model", lambda *args: made.append(make_model(*args)) or made[0]
    )
    step = training_step.make_step(CONFIG, Setting("tfvma", 64, backward=way))
    assert made[0].backward == way
    before = int(made[0].optimizer.iterations)
    assert len(timing.time_calls(step, 1)) == 1
    assert int(made[0].optimizer.iterations) == before + 2


def test_both_ways_are_compared_at_every_size():
    settings = backward.settings([16, 64])
    assert len(settings) == len(set(settings)) == 6
    for first, second in zip(settings[::2], settings[1::2], strict=True):
        assert (first.backward, second.backward) == ("all_samples", "drawn_sample")
        assert first._replace(backward=second.backward) == second


def test_both_ways_have_the_floor_of_all_samples(tmp_path, monkeypatch, capsys):
    times = dict(zip(backward.settings([16]), ([4.0] * 3, [2.0] * 3) * 2, strict=True))
    monkeypatch.setattr(backward, "measure", lambda *_: (times, 1e9))
    output = tmp_path / "results" / "backward.json"
    assert backward.main(["--quick", "--output", str(output)]) == 0
    rows = json.loads(output.read_text())["rows"]
    model = get_preset("omniglot26_vma_4shot").model
    floor = step_arithmetic(model, num_targets=32, memory_size=16, num_samples=4) / 1e6
    for row, milliseconds in zip(rows, (4.0, 2.0, 4.0, 2.0), strict=True):
        assert row["milliseconds"] == milliseconds
    assert rows[0]["floor_milliseconds"] == rows[1]["floor_milliseconds"]
    assert rows[0]["floor_milliseconds"] == pytest.approx(floor, abs=0.01)
    assert "| drawn sample | 16 | float32 | 2.0 |" in capsys.readouterr().out
