"""A training step exactly as `fit` runs it, on episodes that wait in memory."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from benchmarks.setting import Setting, config_of
from benchmarks.straightforward import Straightforward
from tfvma.config import Config
from tfvma.models.build import build_model
from tfvma.training.optimizer import make_optimizer
from tfvma.training.threads import side_by_side

_NUM_EPISODES = 8
_INK = 0.15


def make_step(config: Config, setting: Setting) -> Callable[[], None]:
    """A function that runs one training step of a setting; see `step_of`."""
    config = config_of(config, setting)
    return step_of(make_model(config, setting), config, setting.memory_size)


def step_of(model: keras.Model, config: Config, memory_size: int) -> Callable[[], None]:
    """A function that runs one training step and returns when it is done.

    It is `model.train_function`, which `fit` calls: `train_step` with loss, gradients,
    optimizer and metrics in a tf.function. It has run twice, so that it is compiled.
    """
    model.make_train_function()
    iterator = iter(noise_episodes(config, memory_size))

    def step() -> None:
        # Reading one number waits for the step, on a GPU too.
        float(model.train_function(iterator)["loss"])

    for _ in range(2):
        step()
    return step


def make_model(config: Config, setting: Setting) -> keras.Model:
    """The compiled network of a setting, in the sizes of `config`."""
    optimizer = make_optimizer(config.training)
    if setting.network == "straightforward":
        model = Straightforward(config.model, config.training.num_samples, config.training.seed)
        model.compile(optimizer=optimizer, jit_compile=setting.xla)
    else:
        model = build_model(config, setting.precision)
        model.compile(
            optimizer=optimizer,
            estimator=config.training.estimator,
            backward=setting.backward,
            latent_warmup=config.training.latent_warmup,
            jit_compile=setting.xla,
            slices=side_by_side(),
        )
    return model


def noise_episodes(config: Config, memory_size: int) -> tf.data.Dataset:
    """The same few episodes again and again: 0/1 noise, so that no data is needed.

    Nothing is to be learned from them: addresses stay spread over the memory, which is
    the most work for a step that reads distinct entries.
    """
    random = np.random.default_rng(0)
    image = (config.model.image_size, config.model.image_size, 1)
    classes = config.episodes.num_classes
    num_targets = classes * config.episodes.targets_per_class

    def images(count: int) -> np.ndarray:
        return (random.random((_NUM_EPISODES, count, *image)) < _INK).astype(np.float32)

    def labels(count: int) -> np.ndarray:
        return np.tile(np.arange(count, dtype=np.int32) % classes, (_NUM_EPISODES, 1))

    episodes = {
        "x": images(num_targets),
        "memory": images(memory_size),
        "x_label": labels(num_targets),
        "memory_label": labels(memory_size),
    }
    return tf.data.Dataset.from_tensor_slices(episodes).repeat().prefetch(4)
