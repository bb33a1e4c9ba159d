from __future__ import annotations

import functools
from operator import attrgetter

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.models.tiny_latent import tiny_config
from tfvma.config import _CHOICES, FAMILIES, Config, ModelConfig, replace_options
from tfvma.errors import InvalidArgumentError
from tfvma.layers.addressing import PRIORS, SIMILARITIES
from tfvma.models import (
    SoftAttentionVAE,
    VariationalAutoencoder,
    VariationalMemoryAddressing,
    build_model,
)
from tfvma.models.latent_path import LATENT_GRADIENTS
from tfvma.models.vma import BACKWARD
from tfvma.presets import get_preset

CLASSES = {
    "vma": VariationalMemoryAddressing,
    "soft_attention": SoftAttentionVAE,
    "vae": VariationalAutoencoder,
}


def test_every_family_has_its_model():
    assert set(CLASSES) == set(FAMILIES)
    for family, kind in CLASSES.items():
        model = build_model(tiny_config(family, seed=7, l2=0.5))
        assert type(model) is kind
        assert (model.num_samples, model.seed, model.l2) == (3, 7, 0.5)


def test_an_unknown_family_is_named():
    with pytest.raises(InvalidArgumentError, match=r"model\.family='gan': expected one of"):
        build_model(Config("some", model=ModelConfig(family="gan")))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"family": "vae", "memory_size": 5},
            r"model\.memory_size=5: expected 0, the default, with",
        ),
        ({"network": "mlp", "units": (16,)}, r"model\.units=\(16,\): expected two widths"),
        ({"latent_dim": 0}, r"model\.latent_dim=0: expected at least 1"),
        ({"similarity": "dot"}, r"model\.similarity='dot': expected one of"),
    ],
)
def test_what_no_model_can_be_made_of_is_named(options, message):
    with pytest.raises(InvalidArgumentError, match=f"^{message}"):
        build_model(Config("some", model=ModelConfig(**options)))


@pytest.mark.parametrize("precision", ["mixed_float16", ""])
def test_another_precision_is_refused(precision):
    with pytest.raises(InvalidArgumentError, match=f"^precision='{precision}': expected one of"):
        build_model(tiny_config("vae"), precision)


@pytest.mark.parametrize(
    ("model", "entry_shape"),
    [
        (ModelConfig(network="mlp", image_size=28, memory_size=5, units=(6, 4)), (256,)),
        (ModelConfig(image_size=28, memory_size=5, filters=(4, 4), hidden_units=8), (28, 28, 1)),
    ],
)
def test_a_learned_memory_has_entries_that_suit_the_network(model, entry_shape):
    built = build_model(Config("some", model=model))
    assert not built.takes_memory
    assert built.memory.slots.shape == (5, *entry_shape)
    bound = built({"x": tf.zeros([3, 28, 28, 1])})
    assert bound.shape == (3,)
    assert np.all(np.isfinite(bound))


DENSE = {"model.network": "mlp", "model.filters": ModelConfig().filters}
DENSE |= {"model.hidden_units": ModelConfig().hidden_units, "model.units": (6, 4)}
OPTIONS = {
    ("vma", "model.prior", "flat"): ["addressing.prior"],
    ("vma", "model.similarity", "cosine"): ["addressing.similarity"],
    ("vma", "model.key_dim", 5): [
        "addressing.key_embedding.embedding_dim",
        "addressing.query_embedding.embedding_dim",
    ],
    ("vma", "model.latent_dim", 3): [
        "prior_head.latent_dim",
        "posterior.latent_dim",
        "decoder.latent_dim",
    ],
    ("vma", "model.stride_first", False): [
        "addressing.key_embedding.pyramid.stride_first",
        "addressing.query_embedding.pyramid.stride_first",
        "entry_encoder.stride_first",
        "posterior.stride_first",
        "decoder.stride_first",
    ],
    ("vma", "model.hidden_units", 7): [
        "addressing.key_embedding.hidden_units",
        "addressing.query_embedding.hidden_units",
        "prior_head.hidden_units",
        "posterior.hidden_units",
        "decoder.hidden_units",
    ],
    ("soft_attention", "model.similarity", "inner"): ["attention.similarity"],
    ("soft_attention", "model.key_dim", 5): [
        "attention.key_embedding.embedding_dim",
        "attention.query_embedding.embedding_dim",
    ],
    ("soft_attention", "model.stride_first", False): [
        "encoder.stride_first",
        "entry_encoder.stride_first",
        "decoder.stride_first",
    ],
    ("vae", "model.stride_first", False): ["encoder.stride_first", "decoder.stride_first"],
    ("vae", "model.latent_dim", 3): ["posterior_head.latent_dim", "decoder.latent_dim"],
    ("vma dense", "model.entry_to_logits", 2.0): ["decoder.entry_to_logits"],
    ("soft_attention dense", "model.entry_to_logits", 2.0): ["decoder.entry_to_logits"],
}


def config_of(family: str) -> Config:
    name, _, dense = family.partition(" ")
    config = tiny_config(name)
    return replace_options(config, DENSE) if dense else config


@functools.cache
def unchanged(family: str) -> keras.Model:
    return build_model(config_of(family))


@pytest.mark.parametrize(("option", "attributes"), OPTIONS.items(), ids=lambda value: value[0])
def test_an_option_reaches_the_layers_that_it_is_of(option, attributes):
    family, key, value = option
    changed = build_model(replace_options(config_of(family), {key: value}))
    for attribute in attributes:
        assert attrgetter(attribute)(unchanged(family)) != value, attribute
        assert attrgetter(attribute)(changed) == value, attribute


def test_a_tied_model_has_one_embedding():
    assert unchanged("vma").addressing.query_embedding is not None
    tied = build_model(replace_options(config_of("vma"), {"model.tied": True}))
    assert tied.addressing.query_embedding is None


def test_the_papers_mlps():
    """Section 4.1: two layers of 256 and 128 units everywhere, 32 latent dimensions."""
    model = build_model(get_preset("mnist_recall256"))
    shapes = {
        variable.path.partition("/")[2]: tuple(variable.shape)
        for variable in model.trainable_variables
        if variable.path.endswith("kernel")
    }
    embedding = {
        "encoder/dense1": (784, 256),
        "encoder/dense2": (256, 128),
        "embedding": (128, 128),
    }
    head = {"hidden": (256, 128), "parameters": (128, 2 * 32)}
    assert shapes == {
        f"{name}/kernel": shape
        for part, layers in {
            "addressing/key_embedding": embedding,
            "addressing/query_embedding": embedding,
            # With the hidden layer of the prior's head it is two layers too.
            "pyramid": {"dense1": (784, 256)},
            "prior": head,
            "posterior": {"dense1_x": (784, 256), "dense1_entry": (784, 256)},
            "posterior/head": head,
            "decoder": {
                "dense1_z": (32, 128),
                "dense1_entry": (784, 128),
                "dense2": (128, 256),
                "logits": (256, 784),
            },
        }.items()
        for name, shape in ((f"{part}/{layer}", shape) for layer, shape in layers.items())
    }


@pytest.mark.parametrize("preset", ["mnist_recall256", "mnist_learned64", "mnist_vae"])
def test_networks_of_dense_layers_reload(preset, tmp_path):
    config = get_preset(preset)
    model = build_model(replace_options(config, {"model.units": (6, 4), "model.latent_dim": 2}))
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    x = tf.cast(tf.random.stateless_uniform([3, 28, 28, 1], [0, 0]) > 0.5, tf.float32)
    memory = x if model.takes_memory else None
    seed = tf.constant([0, 1])
    scores, again = (each.score(x, memory, 2, seed) for each in (model, reloaded))
    for name, value in scores.items():
        np.testing.assert_allclose(again[name], value, rtol=1e-6)


def test_what_a_run_accepts_is_what_layers_and_models_take():
    assert {
        "model.similarity": SIMILARITIES,
        "model.prior": PRIORS,
        "training.latent_gradient": LATENT_GRADIENTS[:2],
        "training.backward": BACKWARD,
    } == _CHOICES
