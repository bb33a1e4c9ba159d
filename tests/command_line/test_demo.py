"""tfvma-demo: all of it in small, and what it refuses before it starts. `make demo` runs it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tfvma.command_line.demo import main
from tfvma.config import Config, EpisodeConfig, IntervalConfig, ModelConfig, TrainingConfig
from tfvma.data import strokes
from tfvma.servable import load_servable
from tfvma.training import load_trained
from tfvma.training.provenance import read_training, read_training_log

TINY = Config(
    "tiny",
    episodes=EpisodeConfig(dataset="strokes"),
    model=ModelConfig(filters=(4, 4), hidden_units=8, latent_dim=4, key_dim=8),
    training=TrainingConfig(ema_momentum=0.5),
    intervals=IntervalConfig(log=1, validation=0, checkpoint=0, picture=0),
)


@pytest.fixture
def in_small(monkeypatch) -> None:
    """A smaller model of thirty characters, scored on few of them."""

    def few_characters(name, split, data_dir=None):
        return strokes.load(split, num_characters=30)

    for module in ("tfvma.training.run", "tfvma.data.characters"):
        monkeypatch.setattr(f"{module}.load_characters", few_characters)
    monkeypatch.setattr("tfvma.command_line.demo.get_preset", {"strokes_vma_4shot": TINY}.get)
    settings = {"num_samples": (2, 3), "num_episodes": 2, "targets": 64}
    monkeypatch.setattr("tfvma.command_line.demo._SETTINGS", settings)


@pytest.mark.usefixtures("in_small")
def test_it_trains_scores_draws_and_exports(tmp_path, capsys):
    report, run = tmp_path / "report", tmp_path / "runs" / "tiny"
    options = ["--report", str(report), "--runs-dir", str(run.parent)]
    assert main([*options, "--steps", "2", "--quiet"]) == 0

    model, config, step = load_trained(run)
    assert (config.training.steps, step) == (2, 2)
    rows = json.loads((run / "metrics.json").read_text())
    assert {(row["metric"], row["num_samples"]) for row in rows} == {
        *((name, count) for name in ("nll", "reconstruction", "kl_z") for count in (2, 3)),
        ("kl_a", None),
        ("address_accuracy", None),
        ("accuracy", None),
    }
    assert {row["protocol"].partition(" ")[0] for row in rows} == {"few_shot", "classification"}
    assert {row["protocol"].rpartition(" ")[2] for row in rows} == {"strokes/test"}
    assert {row["command"] for row in rows} == {f"evaluate.py {run} --num-samples 2 3 --episodes 2"}
    assert all(row["steps"] == 2 and np.isfinite(row["value"]) for row in rows)

    home = report / "savedmodels" / "tiny"
    assert json.loads((home / "metrics.json").read_text()) == rows
    training = read_training(home / "1")
    assert (training.steps, training.stages) == (2, (config,))
    assert [row["step"] for row in read_training_log(home / "1")] == [1, 2]
    entry = np.eye(26, dtype=np.float32)[np.newaxis, :, :, np.newaxis]
    for name, value in load_servable(home / "1").latent_prior(entry).items():
        np.testing.assert_allclose(value, model.latent_prior(entry)[name], atol=1e-6)
    (nll,) = (row["value"] for row in rows if (row["metric"], row["num_samples"]) == ("nll", 3))
    said = [(home / "README.md").read_text(), (report / "index.html").read_text()]
    printed = capsys.readouterr()
    for text in (*said, printed.out):
        assert f"{nll:.2f}" in text
    assert str(home / "1") in printed.out and str(report / "index.html") in printed.out
    assert {path.stem for path in (report / "figures").iterdir()} > {
        "one_shot_samples",
        "reconstructions",
    }


def test_too_few_steps(tmp_path, capsys):
    options = ["--report", str(tmp_path / "report"), "--runs-dir", str(tmp_path / "runs")]
    assert main([*options, "--steps", "0"]) == 2
    assert capsys.readouterr().err == "error: --steps=0: expected at least 1.\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--report", "--runs-dir", "--savedmodels-dir"])
def test_folders_that_cannot_be_written_to(tmp_path, monkeypatch, capsys, option):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    assert main([option, str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err.startswith(f"error: {option}=")
