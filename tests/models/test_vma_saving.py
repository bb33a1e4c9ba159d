"""The model saves and reloads."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from tests.models.tiny_vma import (
    SEEDS,
    TARGETS,
    assert_same_weights,
    dataset,
    episode,
    fit_once,
    images,
    learned_model,
    tiny_model,
)
from tfvma import bounds
from tfvma.estimators import Vimco
from tfvma.models.vma import VariationalMemoryAddressing


def bound_at_fixed_seed(model: VariationalMemoryAddressing) -> np.ndarray:
    e = episode()
    densities = model.infer(e["x"], e["memory"], 3, SEEDS).densities
    return bounds.iw_bound(bounds.log_weights(*densities)).numpy()


def test_keras_file_round_trip(tmp_path: Path):
    model = tiny_model(l2=0.1, seed=5)
    fit_once(model, estimator=Vimco("geometric"), latent_warmup=7)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert isinstance(again, VariationalMemoryAddressing)
    np.testing.assert_allclose(bound_at_fixed_seed(again), bound_at_fixed_seed(model), atol=1e-5)
    assert again.estimator.baseline == "geometric"
    assert again.latent_warmup == 7
    assert again.optimizer.iterations == 1


def test_a_reloaded_model_trains_on(tmp_path: Path):
    model = learned_model()
    e = {"x": images(TARGETS, 0)}
    model.compile(keras.optimizers.Adam(0.01), jit_compile=False, run_eagerly=True)
    model.fit(dataset(e), verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    # Keras keeps no random state in its files; the checkpoints of training do.
    again.seed_generator.state.assign(model.seed_generator.state)
    one, other = (m.fit(dataset(e), verbose=0).history for m in (again, model))
    assert one["loss"] == pytest.approx(other["loss"], rel=1e-5)
    assert_same_weights(again, model, rtol=1e-4, atol=1e-6)


def test_weights_round_trip(tmp_path: Path):
    model = tiny_model()
    fit_once(model)
    model.save_weights(tmp_path / "w.weights.h5")
    again = tiny_model(seed=9)
    again.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(bound_at_fixed_seed(again), bound_at_fixed_seed(model))


@pytest.mark.parametrize("make", [tiny_model, learned_model])
def test_config_round_trip(make):
    model = make(num_samples=3, l2=0.5, seed=7, name="mine")
    config = model.get_config()
    again = VariationalMemoryAddressing.from_config(config)
    assert again.get_config() == config
    assert (again.num_samples, again.l2, again.seed, again.name) == (3, 0.5, 7, "mine")
    assert [w.shape for w in again.weights] == [w.shape for w in model.weights]


def test_a_model_is_built_when_made():
    model = tiny_model()
    assert model.built
    assert len(model.trainable_weights) > 20
