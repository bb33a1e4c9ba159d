"""The benchmark times what it says, finds the crossover, and writes and draws it."""

from __future__ import annotations

import dataclasses
import json

import matplotlib.image
import pytest

from benchmarks import attention, timing
from benchmarks.attention import HARD, HARD_DRAWN, SOFT, STRAIGHTFORWARD, Setting
from benchmarks.training_step import step_of
from tfvma.config import ModelConfig
from tfvma.presets import get_preset

TINY = ModelConfig(image_size=6, filters=(3, 4), hidden_units=5, latent_dim=2, key_dim=3)
CONFIG = dataclasses.replace(get_preset("omniglot26_vma_4shot"), model=TINY)


@pytest.mark.parametrize(
    ("kind", "num_samples"), [(HARD, 4), (HARD_DRAWN, 4), (SOFT, 1), (STRAIGHTFORWARD, 1)]
)
def test_a_timed_step_trains_on_the_same_episodes(kind, num_samples):
    model = attention.make_model(CONFIG, Setting(kind, 8))
    assert model.num_samples == num_samples
    assert model.jit_compile is False
    if kind in (HARD, HARD_DRAWN):
        assert model.backward == ("all_samples" if kind == HARD else "drawn_sample")
    step = step_of(model, CONFIG, 8)
    before = int(model.optimizer.iterations)
    assert len(timing.time_calls(step, 1)) == 1
    assert int(model.optimizer.iterations) == before + 2


def test_settings_are_compared_at_every_size_while_they_fit():
    settings = attention.all_settings([512, 16, 16])
    assert settings == [
        Setting(HARD, 16),
        Setting(HARD_DRAWN, 16),
        Setting(SOFT, 16),
        Setting(STRAIGHTFORWARD, 16),
        Setting(HARD, 512),
        Setting(HARD_DRAWN, 512),
        Setting(SOFT, 512),
    ]


def rows_of(**times: list[float]) -> list[dict]:
    kinds = {"hard": HARD, "soft": SOFT}
    return [
        attention.make_row(CONFIG, Setting(kinds[kind], size), [value] * 3, 1e9)
        for kind, values in times.items()
        for size, value in zip((16, 32, 64), values, strict=True)
    ]


@pytest.mark.parametrize(
    ("soft", "expected"),
    [
        ([1.0, 2.0, 3.0], None),
        ([1.0, 2.0, 5.0], 64),
        ([5.0, 5.0, 5.0], 16),
        # An early lead that is lost again does not count.
        ([9.0, 3.0, 5.0], 64),
    ],
)
def test_crossover(soft, expected):
    rows = rows_of(hard=[4.0, 4.0, 4.0], soft=soft)
    assert attention.crossover(rows, HARD, SOFT) == expected
    assert attention.all_crossovers(rows)[HARD, SOFT] == expected


def test_where_quartiles_overlap_neither_is_faster():
    times = {(HARD, 16): [1.0, 4.0, 9.0], (SOFT, 16): [4.5, 5.0, 9.0]}
    times |= {(HARD, 32): [4.0, 4.1, 4.2], (SOFT, 32): [4.5, 5.0, 9.0]}
    rows = [
        attention.make_row(CONFIG, Setting(*setting), values, 1e9)
        for setting, values in times.items()
    ]
    assert attention.crossover(rows, HARD, SOFT) == 32


def test_command_line_writes_rows_and_a_figure(tmp_path, monkeypatch, capsys):
    settings = [Setting(kind, size) for kind in (HARD, SOFT) for size in (16, 64)]
    times = dict(zip(settings, ([3.0], [4.0], [2.0], [6.0]), strict=True))
    monkeypatch.setattr(attention, "measure", lambda *_: (times, 1e9))
    output, figure = tmp_path / "results" / "attention.json", tmp_path / "docs" / "figure.png"
    arguments = ["--quick", "--output", str(output), "--figure", str(figure)]
    assert attention.main(arguments) == 0
    result = json.loads(output.read_text())
    assert [row["milliseconds"] for row in result["rows"]] == [3.0, 4.0, 2.0, 6.0]
    assert matplotlib.image.imread(figure).shape[1] > 1000
    printed = capsys.readouterr().out
    assert "| soft | 64 | 1 | 6.0 |" in printed
    assert "* hard, against soft: faster from M = 64 on, where" in printed


@pytest.mark.parametrize(
    "option", [["--rounds", "0"], ["--steps", "0"], ["--memory-sizes", "8", "0"]]
)
def test_bad_option_is_named(option, capsys):
    assert attention.main(option) == 2
    assert capsys.readouterr().err == f"error: {option[0]}=0: expected at least 1.\n"
