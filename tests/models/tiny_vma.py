"""The model as small as it gets, and what to feed it with."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from tfvma.layers.addressing import Addressing
from tfvma.layers.conv_decoder import ConvDecoder
from tfvma.layers.conv_posterior import ConvPosterior
from tfvma.layers.conv_pyramid import ConvEmbedding, ConvPyramid
from tfvma.layers.gaussian_head import GaussianHead
from tfvma.layers.memory import EpisodicMemory, LearnedMemory
from tfvma.layers.mlp_decoder import MLPDecoder
from tfvma.layers.mlp_encoder import MLPEmbedding, MLPEncoder
from tfvma.layers.mlp_posterior import MLPPosterior
from tfvma.models.vma import VariationalMemoryAddressing

SIZE = 6
FILTERS = (4, 6)
LATENT_DIM = 2
TARGETS = 4
SLOTS = 6
NUM_SAMPLES = 2
SEEDS = (tf.constant([1, 2], tf.int32), tf.constant([3, 4], tf.int32))


def tiny_model(
    entry_encoder: keras.layers.Layer | None = None, **options
) -> VariationalMemoryAddressing:
    """The convolutional few-shot model, as small as it gets; equal weights at every call."""
    keras.utils.set_random_seed(1)
    return VariationalMemoryAddressing(
        memory=EpisodicMemory(name="memory"),
        addressing=Addressing(
            ConvEmbedding(3, FILTERS, hidden_units=5, name="key_embedding"),
            ConvEmbedding(3, FILTERS, hidden_units=5, name="query_embedding"),
            name="addressing",
        ),
        entry_encoder=entry_encoder or ConvPyramid(FILTERS, name="pyramid"),
        prior_head=GaussianHead(LATENT_DIM, 5, name="prior"),
        posterior=ConvPosterior(LATENT_DIM, FILTERS, hidden_units=5, name="posterior"),
        decoder=ConvDecoder(SIZE, LATENT_DIM, FILTERS, hidden_units=5, name="decoder"),
        **{"image_shape": (SIZE, SIZE, 1), "num_samples": NUM_SAMPLES, "name": "tiny", **options},
    )


def dense_model(memory: keras.layers.Layer, **options) -> VariationalMemoryAddressing:
    """The MNIST model in small; equal weights at every call."""
    keras.utils.set_random_seed(1)
    return VariationalMemoryAddressing(
        memory=memory,
        addressing=Addressing(
            MLPEmbedding(3, (6, 5), name="key_embedding"),
            MLPEmbedding(3, (6, 5), name="query_embedding"),
            name="addressing",
        ),
        entry_encoder=MLPEncoder((6,), name="encoder"),
        prior_head=GaussianHead(LATENT_DIM, 5, name="prior"),
        posterior=MLPPosterior(LATENT_DIM, (6, 5), name="posterior"),
        decoder=MLPDecoder(SIZE, LATENT_DIM, (5, 6), name="decoder"),
        **{"image_shape": (SIZE, SIZE, 1), "num_samples": NUM_SAMPLES, "name": "dense", **options},
    )


def learned_model(memory_size: int = 3, **options) -> VariationalMemoryAddressing:
    """The same with a learned memory of vectors."""
    return dense_model(LearnedMemory(memory_size, (7,), name="memory"), **options)


def images(count: int, seed: int) -> tf.Tensor:
    random = np.random.default_rng(seed)
    return tf.constant(random.integers(0, 2, size=(count, SIZE, SIZE, 1)), tf.float32)


def episode(seed: int = 0, slots: int = SLOTS) -> dict[str, tf.Tensor]:
    return {"x": images(TARGETS, seed), "memory": images(slots, seed + 100)}


def dataset(*episodes: dict[str, tf.Tensor]) -> tf.data.Dataset:
    elements = {key: tf.stack([e[key] for e in episodes]) for key in episodes[0]}
    return tf.data.Dataset.from_tensor_slices(elements)


def fit_once(model: VariationalMemoryAddressing, *episodes, **options) -> dict[str, float]:
    """One epoch by plain gradient descent; its logs. Small steps are faster untraced."""
    jit_compile = options.setdefault("jit_compile", False)
    options = {"optimizer": keras.optimizers.SGD(0.01), "run_eagerly": not jit_compile, **options}
    model.compile(**options)
    history = model.fit(dataset(*(episodes or [episode()])), verbose=0)
    return {name: values[0] for name, values in history.history.items()}


def weights_of(model: keras.Model) -> dict[str, np.ndarray]:
    return {weight.path: weight.numpy() for weight in model.trainable_weights}


def assert_same_weights(one: keras.Model, other: keras.Model, **tolerance) -> None:
    for weight, expected in zip(one.trainable_weights, other.trainable_weights, strict=True):
        np.testing.assert_allclose(
            weight.numpy(),
            expected.numpy(),
            err_msg=expected.path,
            **{"rtol": 1e-5, **tolerance},
        )


def rewind(model: VariationalMemoryAddressing) -> None:
    """Makes the model draw the same samples as after its construction."""
    fresh = keras.random.SeedGenerator(model.seed)
    model.seed_generator.state.assign(fresh.state)


def evaluate(model: VariationalMemoryAddressing, *episodes) -> dict[str, float]:
    if not model.compiled:
        model.compile(jit_compile=False, run_eagerly=True)
    return model.evaluate(dataset(*(episodes or [episode()])), verbose=0, return_dict=True)
