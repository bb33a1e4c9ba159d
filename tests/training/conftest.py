"""A model and data so small that a whole run takes seconds."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tfvma.config import Config, EpisodeConfig, IntervalConfig, ModelConfig, TrainingConfig
from tfvma.data.characters import CharacterSet

TINY = Config(
    name="tiny",
    episodes=EpisodeConfig(dataset="strokes", num_classes=2, targets_per_class=2, shots=1),
    model=ModelConfig(filters=(4, 4), hidden_units=8, latent_dim=2, key_dim=4),
    training=TrainingConfig(
        steps=6,
        num_samples=2,
        learning_rate=0.01,
        learning_rate_warmup=2,
        latent_warmup=3,
        ema_momentum=0.5,
        seed=5,
    ),
    intervals=IntervalConfig(log=2, validation=0, checkpoint=3, picture=0),
)


def random_characters(name: str, split: str, data_dir=None) -> CharacterSet:
    """Five characters of noise; takes the place of `load_characters`."""
    drawings = np.random.default_rng(len(split)).integers(0, 2, [5, 4, 26, 26], dtype=np.uint8)
    return CharacterSet(name, split, drawings, tuple(f"Noise_{i}" for i in range(5)))


@pytest.fixture
def tiny() -> Config:
    """Six steps with a checkpoint every third."""
    return TINY


@contextmanager
def small_and_quick() -> Iterator[None]:
    """Trains a stand-in for the model, on noise, with little of it held out."""
    from tests.training.stand_in import StandIn

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tfvma.training.run.load_characters", random_characters)
        patch.setattr("tfvma.training.held_out.TARGETS", 8)
        for module in ("run", "load"):
            patch.setattr(
                f"tfvma.training.{module}.build_model", lambda config, _=None: StandIn(config)
            )
        yield


@pytest.fixture
def stand_in() -> Iterator[None]:
    """Has `train` and `load_trained` work with the stand-in."""
    with small_and_quick():
        yield


@pytest.fixture(scope="session")
def straight_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of TINY, with pictures and validation, that nothing interrupted."""
    from tfvma.training import train

    folder = tmp_path_factory.mktemp("runs") / "straight"
    config = dataclasses.replace(TINY, intervals=IntervalConfig(2, 3, 3, 3))
    with small_and_quick():
        train(config, folder)
    return folder
