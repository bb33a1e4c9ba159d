"""What every layer promises: it works, trains, saves and reloads in somebody else's model."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvma.layers
from tfvma.layers.addressing import Addressing
from tfvma.layers.conv_decoder import ConvDecoder, Upscale
from tfvma.layers.conv_posterior import ConvPosterior
from tfvma.layers.conv_pyramid import ConvEmbedding, ConvPyramid
from tfvma.layers.gaussian_head import GaussianHead
from tfvma.layers.memory import EpisodicMemory, LearnedMemory
from tfvma.layers.mlp_decoder import MLPDecoder
from tfvma.layers.mlp_encoder import MLPEmbedding, MLPEncoder
from tfvma.layers.mlp_posterior import MLPPosterior
from tfvma.layers.plain_conv_decoder import PlainConvDecoder
from tfvma.layers.plain_mlp_decoder import PlainMLPDecoder
from tfvma.layers.soft_attention import SoftAttention

N = 6
IMAGE = (8, 8, 1)
SLOTS = 5
FILTERS = (2, 3, 4)


@dataclass(frozen=True)
class Case:
    """A layer, and the shapes of its inputs as nested as its call takes them."""

    layer: Callable[..., keras.layers.Layer]
    inputs: tuple
    outputs: tuple


def image_features() -> list[tuple[int, ...]]:
    return [IMAGE, (4, 4, 2), (4, 4, 3), (2, 2, 4)]


CASES = {
    "EpisodicMemory": Case(EpisodicMemory, ("address", IMAGE), (IMAGE,)),
    "LearnedMemory": Case(
        lambda **options: LearnedMemory(SLOTS, (3, 2), **options), ("address",), ((3, 2),)
    ),
    "Addressing": Case(
        lambda **options: Addressing(
            ConvEmbedding(3, FILTERS, hidden_units=5),
            ConvEmbedding(3, FILTERS, hidden_units=5),
            **options,
        ),
        (IMAGE, IMAGE),
        ((N,), ()),
    ),
    "Addressing-tied-flat-cosine": Case(
        lambda **options: Addressing(
            MLPEmbedding(3, (5, 4)), similarity="cosine", prior="flat", **options
        ),
        ((7,), (7,)),
        ((N,), ()),
    ),
    "ConvPyramid": Case(
        lambda **options: ConvPyramid(FILTERS, **options), (IMAGE,), tuple(image_features())
    ),
    "ConvEmbedding": Case(
        lambda **options: ConvEmbedding(3, FILTERS, hidden_units=5, **options), (IMAGE,), ((3,),)
    ),
    "ConvPosterior": Case(
        lambda **options: ConvPosterior(2, FILTERS, hidden_units=5, **options),
        (IMAGE, IMAGE),
        ((2,), (2,)),
    ),
    "Upscale": Case(
        lambda **options: Upscale(3, size=7, stride=2, **options), ((4, 4, 2),), ((7, 7, 3),)
    ),
    "ConvDecoder": Case(
        lambda **options: ConvDecoder(8, 2, FILTERS, hidden_units=5, **options),
        ((2,), image_features()),
        (IMAGE,),
    ),
    "PlainConvDecoder": Case(
        lambda **options: PlainConvDecoder(8, 2, FILTERS, **options), ((2,),), (IMAGE,)
    ),
    "PlainMLPDecoder": Case(
        lambda **options: PlainMLPDecoder(8, 2, (4, 5), **options), ((2,),), (IMAGE,)
    ),
    "SoftAttention": Case(
        lambda **options: SoftAttention(
            MLPEmbedding(3, (5,)), MLPEmbedding(3, (4,)), "inner", **options
        ),
        ((2,), (7,)),
        ((N,),),
    ),
    "GaussianHead": Case(
        lambda **options: GaussianHead(2, hidden_units=5, **options), ((2, 2, 4),), ((2,), (2,))
    ),
    "MLPEncoder": Case(
        lambda **options: MLPEncoder((5, 4), **options), (IMAGE,), (IMAGE, (5,), (4,))
    ),
    "MLPEmbedding": Case(lambda **options: MLPEmbedding(3, (5, 4), **options), (IMAGE,), ((3,),)),
    "MLPPosterior": Case(
        lambda **options: MLPPosterior(2, (5, 4), **options), (IMAGE, (7,)), ((2,), (2,))
    ),
    "MLPDecoder": Case(
        lambda **options: MLPDecoder(8, 2, (4, 5), **options), ((2,), [(7,), (5,)]), (IMAGE,)
    ),
}
WITHOUT_WEIGHTS = ("EpisodicMemory",)

cases = pytest.mark.parametrize("name", CASES)


def values_of(shape, seed: int = 0):
    """N values of one input: addresses, or numbers of that shape; or a list of them."""
    random = np.random.default_rng(seed)
    if isinstance(shape, list):
        return [values_of(one, seed + i) for i, one in enumerate(shape)]
    if shape == "address":
        return tf.constant(random.integers(0, SLOTS, size=(N,)), tf.int32)
    return tf.constant(random.random((N, *shape)), tf.float32)


def symbol_of(shape):
    if isinstance(shape, list):
        return [symbol_of(one) for one in shape]
    if shape == "address":
        return keras.Input((), dtype="int32")
    return keras.Input(shape)


def all_values(case: Case) -> list:
    return [values_of(shape, seed) for seed, shape in enumerate(case.inputs)]


def outputs_of(layer: keras.layers.Layer, values: list) -> list[np.ndarray]:
    return [np.asarray(output) for output in tf.nest.flatten(layer(*values))]


def somebody_elses_model(name: str) -> keras.Model:
    case = CASES[name]
    inputs = [symbol_of(shape) for shape in case.inputs]
    outputs = tf.nest.flatten(case.layer(name="ours")(*inputs))
    return keras.Model(tf.nest.flatten(inputs), outputs)


def test_no_public_layer_is_left_out():
    public = {
        name
        for module in pkgutil.iter_modules(tfvma.layers.__path__, "tfvma.layers.")
        for name, value in vars(importlib.import_module(module.name)).items()
        if inspect.isclass(value) and issubclass(value, keras.layers.Layer)
    }
    assert public == {name.split("-")[0] for name in CASES}


@cases
def test_output_shapes(name):
    case = CASES[name]
    values = all_values(case)
    layer = case.layer()
    outputs = outputs_of(layer, values)
    assert [output.shape for output in outputs] == [(N, *shape) for shape in case.outputs]

    shapes = [tf.nest.map_structure(lambda value: tuple(value.shape), value) for value in values]
    promised = layer.compute_output_shape(*shapes)
    several = isinstance(promised, list) or isinstance(promised[0], tuple)
    assert list(promised if several else [promised]) == [output.shape for output in outputs]


@cases
def test_symbolic_shapes_leave_the_batch_free(name):
    model = somebody_elses_model(name)
    batch_free = [(None, *tuple(None if n == N else n for n in s)) for s in CASES[name].outputs]
    assert [tuple(output.shape) for output in model.outputs] == batch_free


@cases
def test_config_round_trip(name):
    layer = CASES[name].layer(name="ours")
    config = layer.get_config()
    arguments = inspect.signature(type(layer).__init__).parameters.values()
    named = {argument.name for argument in arguments if argument.kind is not argument.VAR_KEYWORD}
    assert named - {"self"} <= set(config)
    assert type(layer).from_config(config).get_config() == config
    through_json = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
    again = keras.saving.deserialize_keras_object(through_json)
    assert type(again) is type(layer)
    assert again.get_config() == config


@cases
def test_fits_a_step_and_reloads(name, tmp_path: Path):
    model = somebody_elses_model(name)
    values = tf.nest.flatten(all_values(CASES[name]))
    targets = [tf.random.normal(output.shape) for output in tf.nest.flatten(model(values))]
    before = [weight.numpy() for weight in model.trainable_weights]
    # Adam moves a weight by the learning rate however small its gradient is.
    model.compile("adam", ["mse"] * len(targets))
    model.fit(tf.data.Dataset.from_tensors((tuple(values), tuple(targets))), verbose=0)

    weights = model.trainable_weights
    assert bool(weights) == (name not in WITHOUT_WEIGHTS)
    unmoved = [
        weight.path
        for weight, old in zip(weights, before, strict=True)
        if np.array_equal(weight.numpy(), old)
    ]
    assert unmoved == []

    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    for expected, found in zip(
        tf.nest.flatten(model(values)), tf.nest.flatten(again(values)), strict=True
    ):
        np.testing.assert_allclose(found, expected, atol=1e-6, rtol=0)


@cases
def test_weights_alone_reload(name, tmp_path: Path):
    values = tf.nest.flatten(all_values(CASES[name]))
    model, again = somebody_elses_model(name), somebody_elses_model(name)
    model.save_weights(tmp_path / "w.weights.h5")
    again.load_weights(tmp_path / "w.weights.h5")
    for expected, found in zip(
        tf.nest.flatten(model(values)), tf.nest.flatten(again(values)), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


@cases
def test_mixed_precision_keeps_float32_weights(name):
    layer = CASES[name].layer(dtype="mixed_bfloat16")
    layer(*all_values(CASES[name]))
    assert {weight.dtype for weight in layer.weights} <= {"float32"}
