"""Named experiments, one for each row that the package reproduces."""

from __future__ import annotations

from tfvma.config import Config, EpisodeConfig, ModelConfig, TrainingConfig
from tfvma.validation import check_choice

_PRESETS = (
    # The paper's few-shot model (section 4.2), 45/5 alphabets.
    Config(
        name="omniglot26_vma_4shot",
        training=TrainingConfig(steps=40_000, latent_warmup=200),
    ),
    # A small one on characters made on the spot: what `make demo` trains.
    Config(
        name="strokes_vma_4shot",
        episodes=EpisodeConfig(dataset="strokes"),
        model=ModelConfig(filters=(24, 24, 32, 32, 32, 32), hidden_units=128, latent_dim=32),
        training=TrainingConfig(
            steps=2_500, learning_rate=1e-3, latent_warmup=200, ema_momentum=0.99
        ),
    ),
)
_BY_NAME = {preset.name: preset for preset in _PRESETS}


def preset_names() -> tuple[str, ...]:
    """The names that `get_preset` knows."""
    return tuple(_BY_NAME)


def get_preset(name: str) -> Config:
    """The experiment called `name`; raises InvalidArgumentError when there is none."""
    check_choice("preset", name, _BY_NAME)
    return _BY_NAME[name]
