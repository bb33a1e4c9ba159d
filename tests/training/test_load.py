from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tfvma.config import replace_options
from tfvma.errors import CheckpointError
from tfvma.estimators import Ovis
from tfvma.models.build import build_model
from tfvma.training import load_trained, training_seconds
from tfvma.training.checkpoints import Checkpoints
from tfvma.training.log import read_log
from tfvma.training.muon import Muon
from tfvma.training.run import compiled_model
from tfvma.training.run_folder import RunFolder, read_config, write_config

pytestmark = pytest.mark.usefixtures("stand_in")


@pytest.fixture
def run(straight_run, tmp_path) -> Path:
    folder = tmp_path / "run"
    shutil.copytree(straight_run, folder)
    return folder


def test_checkpoint_and_final_weights_are_the_same(run, straight_run):
    (run / "model.weights.h5").unlink()
    from_checkpoint, config, step = load_trained(run)
    from_weights, _, final_step = load_trained(straight_run)
    assert step == final_step == config.training.steps == 6
    pairs = zip(from_checkpoint.get_weights(), from_weights.get_weights(), strict=True)
    for mine, theirs in pairs:
        np.testing.assert_array_equal(mine, theirs)


def test_weights_of_a_checkpoint_are_not_sharpened_yet(run):
    """A run that was interrupted while it was sharpened, or goes on."""
    folder = RunFolder(run)
    sharpened = replace_options(read_config(folder), {"training.sharpened_for": 5})
    write_config(folder, sharpened)
    assert load_trained(run)[1] == sharpened
    folder.weights.unlink()
    assert load_trained(run)[1].training.sharpened_for == 0


def test_loading_writes_nothing(run):
    before = sorted(run.rglob("*"))
    (run / "model.weights.h5").unlink()
    load_trained(run)
    assert sorted(run.rglob("*")) == [path for path in before if path.suffix != ".h5"]


def test_the_real_model_in_another_precision(tiny, tmp_path, monkeypatch):
    for module in ("run", "load"):
        monkeypatch.setattr(f"tfvma.training.{module}.build_model", build_model)
    trained = compiled_model(tiny)
    checkpoints = Checkpoints(tmp_path / "checkpoints", trained)
    trained.optimizer.iterations.assign(3)
    checkpoints.save(seconds=1.0)
    write_config(RunFolder(tmp_path), tiny)

    model, config, step = load_trained(tmp_path, precision="mixed_bfloat16")
    assert (config, step) == (tiny, 3)
    assert model.decoder.compute_dtype == "bfloat16"
    averages = trained.optimizer._model_variables_moving_average
    for variable, average in zip(model.trainable_variables, averages, strict=True):
        np.testing.assert_array_equal(variable, average)


def test_no_run(tmp_path):
    with pytest.raises(CheckpointError, match=r"none: expected the folder of a run"):
        load_trained(tmp_path / "none")


def test_nothing_trained(run):
    (run / "model.weights.h5").unlink()
    shutil.rmtree(run / "checkpoints")
    with pytest.raises(CheckpointError, match=r"run: expected model\.weights\.h5 or a checkpoint"):
        load_trained(run)


@pytest.mark.parametrize("length", [0, 100, 4000])
def test_truncated_weights(run, length):
    path = run / "model.weights.h5"
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(CheckpointError, match=r"model\.weights\.h5: expected .* remove the file"):
        load_trained(run)


@pytest.mark.parametrize("finished", [True, False])
def test_another_architecture(run, finished):
    values = json.loads((run / "config.json").read_text())
    values["model"]["latent_dim"] = 5
    (run / "config.json").write_text(json.dumps(values))
    if not finished:
        (run / "model.weights.h5").unlink()
    with pytest.raises(CheckpointError, match=r"run/.*: expected .* architecture"):
        load_trained(run)


@pytest.mark.parametrize("content", ["", "{", '{"name": "a", "model": {"depth": 3}}', "[]"])
def test_damaged_configuration(run, content):
    (run / "config.json").write_text(content)
    with pytest.raises(CheckpointError, match=r"config\.json: expected the configuration of a run"):
        load_trained(run)


def test_seconds_are_those_of_the_log(run, tmp_path):
    log = {row["step"]: row["seconds"] for row in read_log(run / "log.csv")}
    assert training_seconds(run, 6) == log[6] > log[4]
    assert training_seconds(run, 5) == log[4] > 0.0
    assert training_seconds(run, 1) is None
    assert training_seconds(tmp_path / "none", 6) is None


def test_a_model_is_compiled_as_its_configuration_says(tiny, monkeypatch):
    monkeypatch.setattr("tfvma.training.run.build_model", build_model)
    assert compiled_model(tiny).backward == "all_samples"
    training = dataclasses.replace(tiny.training, backward="drawn_sample")
    assert compiled_model(dataclasses.replace(tiny, training=training)).backward == "drawn_sample"

    model = compiled_model(
        replace_options(
            tiny,
            {
                "training.estimator": "ovis(gamma=0.5)",
                "training.latent_gradient": "doubly_reparameterized",
                "training.latent_warmup": 7,
                "training.optimizer": "muon",
                "training.learning_rate": 0.02,
                "training.schedule": "constant",
                "training.learning_rate_warmup": 4,
                "training.weight_decay": 0.125,
                "training.ema_momentum": 0.25,
            },
        )
    )
    assert (type(model.estimator), model.estimator.gamma) == (Ovis, 0.5)
    assert (model.latent_gradient, model.latent_warmup) == ("doubly_reparameterized", 7)
    optimizer = model.optimizer
    assert type(optimizer) is Muon
    # Of the first step: a quarter of the peak.
    assert float(optimizer.learning_rate) == pytest.approx(0.005)
    assert optimizer.weight_decay == 0.125
    assert (optimizer.use_ema, optimizer.ema_momentum) == (True, 0.25)
