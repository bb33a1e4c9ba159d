from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.models.tiny_latent import (
    LATENT_DIM,
    NUM_SAMPLES,
    TARGETS,
    dataset,
    decode,
    images,
    tiny_model,
)
from tfvma.errors import InvalidArgumentError
from tfvma.layers.conv_pyramid import ConvPyramid
from tfvma.models.soft_attention_vae import SoftAttentionVAE

SEED = tf.constant([1, 2], tf.int32)
Z = np.random.default_rng(0).normal(size=(4, LATENT_DIM)).astype(np.float32)


def sharp_model() -> SoftAttentionVAE:
    """One whose attention is far from flat."""
    model = tiny_model("soft_attention")
    embedding = model.attention.query_embedding.embedding
    embedding.kernel.assign(8.0 * embedding.kernel)
    return model


def attention_by_hand(model: SoftAttentionVAE, z, memory) -> np.ndarray:
    top = model.entry_encoder(memory)[-1]
    keys = np.float64(model.attention.key_embedding(top))
    queries = np.float64(model.attention.query_embedding(z))
    scores = np.exp(queries @ (keys / np.linalg.norm(keys, axis=1, keepdims=True)).T)
    return scores / scores.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("slots", [3, 4, 9])
def test_the_read_is_the_mixture_of_what_the_slots_hold_at_every_scale(slots):
    """With fewer slots than z, as many, and more: the mean comes after or before."""
    model, memory = sharp_model(), images(slots, 100)
    weights = attention_by_hand(model, Z, memory)
    assert np.ptp(weights) > 0.5
    contents = model.decoder.contents(model.entry_encoder(memory))
    assert len(contents) == 4
    read = [np.einsum("na,a...->n...", weights, np.float64(part)) for part in contents]
    condition = model.decoder.condition_from_contents([tf.constant(p, tf.float32) for p in read])
    expected = model.decoder.from_condition(Z, condition)
    np.testing.assert_allclose(decode(model, Z, memory), expected, rtol=1e-4, atol=1e-5)


def test_a_single_slot_is_read_as_it_is():
    model, memory = sharp_model(), images(1, 100)
    features = model.entry_encoder(tf.repeat(memory, len(Z), axis=0))
    expected = model.decoder(tf.constant(Z), features)
    np.testing.assert_allclose(decode(model, Z, memory), expected, rtol=1e-4, atol=1e-5)


def test_equal_slots_are_read_as_one():
    model, memory = sharp_model(), images(1, 100)
    expected = decode(model, Z, memory)
    several = tf.repeat(memory, 3, axis=0)
    np.testing.assert_allclose(decode(model, Z, several), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("slots", [3, 40])
def test_the_order_of_the_slots_changes_nothing(slots):
    model, x, memory = sharp_model(), images(TARGETS, 0), images(slots, 100)
    shuffled = tf.gather(memory, np.random.default_rng(1).permutation(slots))
    expected = model.score(x, memory, 4, SEED)
    for name, value in model.score(x, shuffled, 4, SEED).items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-5, err_msg=name)


def test_which_slots_there_are_matters():
    model, x = sharp_model(), images(TARGETS, 0)
    one, other = (model.score(x, images(3, seed), 4, SEED) for seed in (100, 101))
    assert np.all(one["log_likelihood"] != other["log_likelihood"])
    np.testing.assert_array_equal(one["kl_latent"], other["kl_latent"])


@pytest.mark.parametrize("slots", [3, 40])
def test_gradients_reach_keys_queries_and_entries(slots):
    model, x, memory = sharp_model(), images(TARGETS, 0), images(slots, 100)
    parts = {
        "keys": model.attention.key_embedding,
        "queries": model.attention.query_embedding,
        "entries": model.entry_encoder,
    }
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(model.infer(x, memory, NUM_SAMPLES, SEED).densities.log_px)
    gradients = tape.gradient(
        total, {name: [w.value for w in part.weights] for name, part in parts.items()}
    )
    for name, part in gradients.items():
        assert any(tf.norm(gradient) > 1e-4 for gradient in part), name


class Spy(ConvPyramid):
    """A pyramid that remembers how many entries it was given."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.sizes = []

    def call(self, images):
        self.sizes.append(images.shape[0])
        return super().call(images)


def test_a_slot_is_encoded_once_a_step():
    model = tiny_model("soft_attention")
    spy = Spy((4, 6))
    spied = SoftAttentionVAE(
        **{name: getattr(model, name) for name in model.LAYERS if name != "entry_encoder"},
        entry_encoder=spy,
        image_shape=model.image_shape,
        num_samples=NUM_SAMPLES,
    )
    spied.compile(jit_compile=False)
    spy.sizes.clear()
    spied.train_step({"x": images(TARGETS, 0), "memory": images(40, 100)})
    assert spy.sizes == [40]


def test_it_needs_a_memory():
    model = tiny_model("soft_attention")
    assert model.takes_memory
    with pytest.raises(InvalidArgumentError, match="memory of NoneType: expected"):
        model.score(images(1, 0), None, 1, SEED)
    model.compile(jit_compile=False)
    with pytest.raises(InvalidArgumentError, match="no 'memory'"):
        model.fit(dataset({"x": images(TARGETS, 0)}), verbose=0)
