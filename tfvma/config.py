"""What describes one experiment: episodes, model, training. Plain frozen data."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from tfvma.errors import InvalidArgumentError


@dataclass(frozen=True)
class EpisodeConfig:
    """How an episode is drawn: B = num_classes * targets_per_class targets,
    M = num_classes * shots memory entries."""

    dataset: str = "omniglot26"
    num_classes: int = 8
    targets_per_class: int = 4
    shots: int = 4


@dataclass(frozen=True)
class ModelConfig:
    """The convolutional few-shot network (paper, section 4.2)."""

    image_size: int = 26
    filters: tuple[int, ...] = (48, 48, 64, 64, 64, 64)
    stride_first: bool = True
    hidden_units: int = 256
    latent_dim: int = 64
    key_dim: int = 128
    similarity: str = "normalized"
    prior: str = "learned"
    tied: bool = False


@dataclass(frozen=True)
class TrainingConfig:
    """How the model is trained; intervals and warm-ups are in steps."""

    steps: int = 40_000
    num_samples: int = 4
    estimator: str = "vimco"
    learning_rate: float = 3e-4
    schedule: str = "cosine"
    learning_rate_warmup: int = 0
    latent_warmup: int = 1_000
    ema_momentum: float = 0.999
    l2: float = 0.0
    precision: str = "float32"
    seed: int = 0


@dataclass(frozen=True)
class Config:
    """One experiment. `name` is the folder under `runs/` and `savedmodels/`."""

    name: str
    episodes: EpisodeConfig = field(default_factory=EpisodeConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
