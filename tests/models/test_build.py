from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.models.tiny_latent import tiny_config
from tfvma.config import FAMILIES, Config, ModelConfig, replace_options
from tfvma.errors import InvalidArgumentError
from tfvma.models import (
    SoftAttentionVAE,
    VariationalAutoencoder,
    VariationalMemoryAddressing,
    build_model,
)
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


def test_the_papers_mlps():
    """Section 4.1: two layers of 256 and 128 units everywhere, 32 latent dimensions."""
    model = build_model(get_preset("mnist_recall256"))
    shapes = {
        variable.path.partition("/")[2]: tuple(variable.shape)
        for variable in model.trainable_variables
        if variable.path.endswith("kernel")
    }
    encoder = [(784, 256), (256, 128)]
    for name in ("key_embedding", "query_embedding"):
        found = [shape for path, shape in shapes.items() if name in path]
        assert found == [*encoder, (128, 128)]


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
