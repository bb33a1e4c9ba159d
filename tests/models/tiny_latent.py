"""The models without an address as small as they get, and episodes for them."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from tfvma.config import Config, ModelConfig, TrainingConfig
from tfvma.models.build import build_model
from tfvma.models.latent_model import LatentModel

SIZE = 6
LATENT_DIM = 2
TARGETS = 4
SLOTS = 5
NUM_SAMPLES = 3
FAMILIES = ("soft_attention", "vae")


def tiny_config(family: str, **training) -> Config:
    return Config(
        "tiny",
        model=ModelConfig(
            family=family,
            image_size=SIZE,
            filters=(4, 6),
            hidden_units=8,
            latent_dim=LATENT_DIM,
            **({"key_dim": 3} if family == "soft_attention" else {}),
        ),
        training=TrainingConfig(**{"num_samples": NUM_SAMPLES, **training}),
    )


def tiny_model(family: str, precision: str | None = None, **training) -> LatentModel:
    """Equal weights at every call."""
    keras.utils.set_random_seed(1)
    return build_model(tiny_config(family, **training), precision)


def images(count: int, seed: int) -> tf.Tensor:
    random = np.random.default_rng(seed)
    return tf.constant(random.integers(0, 2, size=(count, SIZE, SIZE, 1)), tf.float32)


def episode(seed: int = 0, slots: int = SLOTS) -> dict[str, tf.Tensor]:
    return {"x": images(TARGETS, seed), "memory": images(slots, seed + 100)}


def memory_for(model: LatentModel, slots: int = SLOTS) -> tf.Tensor | None:
    return images(slots, 100) if model.takes_memory else None


def dataset(*episodes: dict[str, tf.Tensor]) -> tf.data.Dataset:
    elements = {key: tf.stack([e[key] for e in episodes]) for key in episodes[0]}
    return tf.data.Dataset.from_tensor_slices(elements)


def decode(model: LatentModel, z, memory: tf.Tensor | None) -> np.ndarray:
    """Logits in float64."""
    z = tf.constant(z, tf.float32)
    outputs = model.decode(z) if memory is None else model.decode(z, memory)
    return np.float64(outputs["logits"])
