"""Runs of the models without an address, from the data to the reloaded weights."""

from __future__ import annotations

import dataclasses

import matplotlib.image
import numpy as np
import pytest

from tests.training.conftest import random_characters
from tfvma.config import Config, IntervalConfig
from tfvma.errors import InvalidArgumentError
from tfvma.evaluation.model_source import find_model
from tfvma.evaluation.trained_model import load_model
from tfvma.export import export_saved_model
from tfvma.training import load_trained, train
from tfvma.training.log import read_log
from tfvma.training.measurements import TIMES


@pytest.fixture
def few_characters(monkeypatch) -> None:
    monkeypatch.setattr("tfvma.training.run.load_characters", random_characters)
    monkeypatch.setattr("tfvma.training.held_out.TARGETS", 8)


def baseline(tiny: Config, family: str, num_samples: int) -> Config:
    model = dataclasses.replace(tiny.model, family=family)
    if family == "vae":
        model = dataclasses.replace(model, key_dim=128)
    return dataclasses.replace(
        tiny,
        model=model,
        training=dataclasses.replace(tiny.training, num_samples=num_samples),
        intervals=IntervalConfig(2, 3, 3, 3),
    )


@pytest.mark.usefixtures("few_characters")
@pytest.mark.parametrize(
    ("family", "num_samples", "columns"), [("soft_attention", 1, 11), ("vae", 4, 10)]
)
def test_a_run_of_a_baseline(tiny, tmp_path, family, num_samples, columns):
    config = baseline(tiny, family, num_samples)
    result = train(config, tmp_path)
    assert (result.step, result.finished) == (6, True)

    rows = read_log(tmp_path / "log.csv")
    metrics = ("loss", "iw_bound", "reconstruction", "kl_z", "ess")
    held_out = ("val_iw_bound", "val_reconstruction", "val_kl_z")
    assert set(rows[-1]) == {"step", *TIMES, "learning_rate", *metrics, *held_out}
    header = (tmp_path / "log.csv").read_text().partition("\n")[0]
    assert set(header.split(",")) == set(rows[-1])
    picture = matplotlib.image.imread(tmp_path / "pictures" / "step-0000006.png")
    # One column for the entry, where there is a memory, and ten samples.
    assert picture.shape[:2] == (3 * (2 * 28 - 2), 3 * (columns * 28 - 2))

    model, reloaded, steps = load_trained(tmp_path)
    assert (reloaded, steps) == (config, 6)
    assert np.isfinite(rows[-1]["val_iw_bound"])

    with pytest.raises(InvalidArgumentError, match=rf"model\.family='{family}'"):
        export_saved_model(model, config, tmp_path / "savedmodels")
    with pytest.raises(InvalidArgumentError, match=rf"model\.family='{family}'"):
        load_model(find_model(tmp_path))
