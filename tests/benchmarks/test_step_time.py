"""The benchmark runs, times steps that train, and writes what it promises."""

from __future__ import annotations

import dataclasses
import json

import pytest

from benchmarks import step_time, timing, training_step
from benchmarks.arithmetic import step_arithmetic
from benchmarks.setting import Setting, all_settings, config_of
from tfvma.config import ModelConfig
from tfvma.presets import get_preset

TINY = ModelConfig(image_size=6, filters=(3, 4), hidden_units=5, latent_dim=2, key_dim=3)
CONFIG = dataclasses.replace(get_preset("omniglot26_vma_4shot"), model=TINY)


@pytest.mark.parametrize("setting", [Setting("tfvma", 8), Setting("straightforward", 8)])
def test_a_timed_step_trains(setting, monkeypatch):
    made = []
    make_model = training_step.make_model
    monkeypatch.setattr(
        training_step, "make_model", lambda *args: made.append(make_model(*args)) or made[0]
    )
    step = training_step.make_step(CONFIG, setting)
    before = int(made[0].optimizer.iterations)
    times = timing.time_calls(step, 2)
    assert len(times) == 2
    assert min(times) > 0.0
    assert int(made[0].optimizer.iterations) == before + 3


def test_settings_are_compared_at_every_memory_size_and_else_one_by_one():
    settings = all_settings([16, 512])
    assert len(settings) == len(set(settings))
    base = Setting("tfvma")
    for memory_size in (16, 512):
        assert base._replace(memory_size=memory_size) in settings
    others = [s for s in settings if s.network == "tfvma" and s.memory_size == 32]
    for setting in others:
        if setting.one_thread:
            differing = [a for a, b in zip(setting, base, strict=True) if a != b]
            assert len(differing) == 1


def test_sizes_of_a_setting():
    config = config_of(CONFIG, Setting("tfvma", num_targets=64, num_samples=8, width=2.0))
    assert config.episodes.num_classes * config.episodes.targets_per_class == 64
    assert config.training.num_samples == 8
    assert config.model.filters == (6, 8)


def test_row_and_table():
    row = step_time.make_row(
        CONFIG, Setting("tfvma", xla=True, one_thread=False), [3.0, 1.0, 2.0, 5.0, 4.0], 1e9
    )
    arithmetic = step_arithmetic(TINY, num_targets=32, memory_size=32, num_samples=4)
    assert row["milliseconds"] == 3.0
    assert row["minimum"] == 1.0
    assert row["quartiles"] == [2.0, 4.0]
    assert row["floor_milliseconds"] == pytest.approx(arithmetic / 1e6, abs=0.005)
    assert row["ratio"] == pytest.approx(3.0 / (arithmetic / 1e6), abs=0.001)
    heading, line, values = step_time.table([row]).splitlines()
    assert heading.count("|") == line.count("|") == values.count("|")
    assert values.startswith(
        "| tfvma | 32 | 32 | 4 | 1 | float32 | yes | all | 3.0 | 2.0 to 4.0 | 1.0 |"
    )


def test_slopes_are_between_sizes_of_one_setting_alone():
    def row(memory_size, milliseconds, floor, **changes):
        setting = Setting("tfvma", memory_size)._replace(**changes)
        figures = {"milliseconds": milliseconds, "floor_milliseconds": floor}
        return {**setting._asdict(), **figures}

    rows = [
        row(32, 20.0, 10.0),
        row(16, 12.0, 6.0),
        row(64, 68.0, 26.0),
        row(16, 5.0, 6.0, precision="mixed_bfloat16"),
        row(32, 7.0, 10.0, precision="mixed_bfloat16"),
        row(128, 1.0, 99.0, num_targets=64),
        row(256, 1.0, 99.0, one_thread=False),
    ]
    _, _, *lines = step_time.slope_table(rows).splitlines()
    assert lines == [
        "| float32 | 16 | 32 | 0.500 | 0.250 | 2.00 |",
        "| float32 | 32 | 64 | 1.500 | 0.500 | 3.00 |",
        "| float32 | 16 | 64 | 1.167 | 0.417 | 2.80 |",
        "| mixed_bfloat16 | 16 | 32 | 0.125 | 0.250 | 0.50 |",
    ]
    assert len(step_time.slope_table(rows[:1]).splitlines()) == 2


def test_command_line_writes_rows(tmp_path, monkeypatch, capsys):
    setting = Setting("tfvma", 16)
    monkeypatch.setattr(step_time, "measure", lambda *_: ({setting: [1.0, 2.0, 3.0]}, 1e9))
    output = tmp_path / "results" / "step_time.json"
    assert step_time.main(["--quick", "--output", str(output)]) == 0
    result = json.loads(output.read_text())
    assert set(result) == {"machine", "versions", "rows"}
    assert result["machine"]["matrix_gigaflops_per_second"] == 1.0
    assert result["rows"][0]["milliseconds"] == 2.0
    assert "| tfvma | 16 |" in capsys.readouterr().out


@pytest.mark.parametrize(
    "option", [["--rounds", "0"], ["--steps", "0"], ["--memory-sizes", "8", "0"]]
)
def test_bad_option_is_named(option, capsys):
    assert step_time.main(option) == 2
    assert capsys.readouterr().err == f"error: {option[0]}=0: expected at least 1.\n"
