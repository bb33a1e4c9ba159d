"""export.py from end to end on a tiny model, and its errors."""

from __future__ import annotations

import numpy as np
import pytest

from tfvma.command_line.export import main
from tfvma.config import Config, EpisodeConfig, ModelConfig, replace_options
from tfvma.evaluation.model_source import find_model
from tfvma.evaluation.trained_model import load_model
from tfvma.export import export_saved_model
from tfvma.models.build import build_model
from tfvma.servable import load_servable
from tfvma.training import train
from tfvma.training.provenance import Training, read_training, read_training_log
from tfvma.training.run_folder import RunFolder, read_config, write_config

CONFIG = Config(
    "tiny",
    episodes=EpisodeConfig(dataset="strokes"),
    model=ModelConfig(filters=(4, 4), hidden_units=8, latent_dim=4, key_dim=8),
)


def test_exports_the_weights_of_a_run(tmp_path, capsys):
    model = build_model(CONFIG)
    folder = RunFolder(tmp_path / "runs" / "tiny")
    folder.path.mkdir(parents=True)
    write_config(folder, CONFIG)
    model.save_weights(folder.weights)

    assert main([str(folder.path), "--savedmodels-dir", str(tmp_path / "savedmodels")]) == 0

    version = tmp_path / "savedmodels" / "tiny" / "1"
    assert str(version) in capsys.readouterr().out
    entry = np.eye(26, dtype=np.float32)[np.newaxis, :, :, np.newaxis]
    expected = model.latent_prior(entry)
    given = load_servable(version).latent_prior(entry)
    for name, value in expected.items():
        np.testing.assert_allclose(given[name], value, atol=1e-6)


def test_a_fine_tuned_model_knows_the_training_that_it_started_from(tmp_path):
    savedmodels = tmp_path / "savedmodels"
    first = export_saved_model(
        build_model(CONFIG), CONFIG, savedmodels, training=Training(40, 2.0, (CONFIG,))
    )
    config = replace_options(CONFIG, {"training.start_from": str(first)})
    run = tmp_path / "runs" / "tiny"
    train(replace_options(config, {"training.steps": 1}), run)
    assert main([str(run), "--savedmodels-dir", str(savedmodels)]) == 0
    training = read_training(savedmodels / "tiny" / "2")
    assert training.steps == 41
    (row,) = read_training_log(savedmodels / "tiny" / "2")
    assert row["step"] == 1
    assert training.minutes == pytest.approx(2.0 + row["seconds"] / 60)
    assert training.stages == (CONFIG, read_config(RunFolder(run)))
    assert load_model(find_model(savedmodels / "tiny")).log[-1]["step"] == 1


def test_a_folder_that_is_no_run_is_named(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert str(tmp_path) in error and "config.json" in error


def test_a_run_without_weights_is_named(tmp_path, capsys):
    folder = RunFolder(tmp_path / "tiny")
    folder.path.mkdir()
    write_config(folder, CONFIG)
    assert main([str(folder.path), "--savedmodels-dir", str(tmp_path / "saved")]) == 2
    assert "neither" in capsys.readouterr().err
    assert not (tmp_path / "saved" / "tiny").exists()
