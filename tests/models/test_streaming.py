"""The streamed score: no chunk changes it, and what is drawn often is computed once."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvma.models.chunks
import tfvma.models.streamed_bound
from tfvma.config import Config, ModelConfig
from tfvma.layers.addressing import Addressing
from tfvma.layers.gaussian_head import GaussianHead
from tfvma.layers.memory import LearnedMemory
from tfvma.layers.mlp_decoder import MLPDecoder
from tfvma.layers.mlp_encoder import MLPEmbedding, MLPEncoder
from tfvma.layers.mlp_posterior import MLPPosterior
from tfvma.models.build import build_model
from tfvma.models.vma import VariationalMemoryAddressing
from tfvma.repeat_score import repeat_score

SIZE = 6
TERMS = ("log_likelihood", "kl_address", "kl_latent", "reconstruction")
SEED = [5, -6]
# B, M, K: all slots drawn; M beyond K * B; more of everything than one small chunk holds.
SIZES = {"few": (3, 2, 9), "large memory": (3, 50, 4), "many": (7, 30, 23)}


def images(count: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (random.random((count, SIZE, SIZE, 1)) < 0.4).astype(np.float32)


@pytest.fixture(scope="module")
def model() -> VariationalMemoryAddressing:
    """With weights that are far from their initial values."""
    sizes = ModelConfig(image_size=SIZE, filters=(3, 4), hidden_units=5, latent_dim=2, key_dim=3)
    model = build_model(Config("tiny", model=sizes))
    random = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(0.5 * random.standard_normal(weight.shape))
    return model


def set_chunks(monkeypatch, encoded: int, decoded: int) -> None:
    monkeypatch.setattr(tfvma.models.chunks, "LARGEST", encoded)
    monkeypatch.setattr(tfvma.models.streamed_bound, "DECODED_AT_ONCE", decoded)


class Primitives(dict):
    """The model's functions, called as signatures are."""

    def __init__(self, model: VariationalMemoryAddressing):
        names = ("address", "latent_prior", "latent_posterior", "decode")
        super().__init__({name: getattr(model, name) for name in names})


@pytest.mark.parametrize(("encoded", "decoded"), [(1, 1), (2, 5), (7, 8), (16, 64), (1_000, 1_000)])
@pytest.mark.parametrize("size", SIZES)
def test_no_chunk_changes_the_score(model, monkeypatch, size, encoded, decoded):
    batch, memory_size, num_samples = SIZES[size]
    x, memory = images(batch, 1), images(memory_size, 2)
    expected = repeat_score(Primitives(model), x, memory, num_samples, SEED)
    set_chunks(monkeypatch, encoded, decoded)
    found = model.score(x, memory, num_samples, SEED)
    for term in TERMS:
        np.testing.assert_allclose(found[term], expected[term], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("batch", "memory_size"), [(1, 1), (1, 3), (2, 1)])
def test_a_single_target_or_entry_is_scored_in_a_graph_too(model, batch, memory_size):
    """Where their number is known when the graph is made."""
    x, memory = tf.constant(images(batch, 1)), tf.constant(images(memory_size, 2))
    found = tf.function(model.score)(x, memory, tf.constant(5), tf.constant(SEED))
    for term, expected in model.score(x, memory, 5, SEED).items():
        assert found[term].shape == [batch]
        np.testing.assert_allclose(found[term], expected, rtol=1e-5, atol=1e-5)


def test_a_large_memory_of_which_little_can_be_drawn_scores_as_the_little(model, monkeypatch):
    """Slots of probability 0 change nothing but the way: more slots than samples, many chunks."""
    x, memory = images(3, 1), images(4, 2)
    expected = model.score(x, memory, 5, SEED)
    log_posterior, log_prior = model.addressing.log_posterior, model.addressing.log_prior

    def only_the_last(log_probs, keys):
        """As if no slot but the last four were there."""
        return tf.where(tf.range(tf.shape(keys)[0]) < 60, -float("inf"), log_probs)

    monkeypatch.setattr(
        model.addressing,
        "log_posterior",
        lambda x, keys: tf.nn.log_softmax(only_the_last(log_posterior(x, keys), keys)),
    )
    monkeypatch.setattr(
        model.addressing,
        "log_prior",
        lambda keys: tf.nn.log_softmax(only_the_last(log_prior(keys), keys)),
    )
    set_chunks(monkeypatch, 16, 8)
    found = model.score(x, np.concatenate([images(60, 3), memory]), 5, SEED)
    for term in ("log_likelihood", "kl_latent", "reconstruction"):
        np.testing.assert_allclose(found[term], expected[term], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("memory_size", [3, 40])
def test_a_learned_memory_is_scored_in_chunks_too(monkeypatch, memory_size):
    keras.utils.set_random_seed(1)
    model = VariationalMemoryAddressing(
        memory=LearnedMemory(memory_size, (7,), stddev=1.0),
        addressing=Addressing(MLPEmbedding(3, (6,)), MLPEmbedding(3, (6,))),
        entry_encoder=MLPEncoder((6,)),
        prior_head=GaussianHead(2, 5),
        posterior=MLPPosterior(2, (6, 5)),
        decoder=MLPDecoder(SIZE, 2, (5, 6)),
        image_shape=(SIZE, SIZE, 1),
    )
    x, whole = images(4, 1), model.score(images(4, 1), None, 5, SEED)
    set_chunks(monkeypatch, 3, 8)
    for term, value in model.score(x, None, 5, SEED).items():
        np.testing.assert_allclose(value, whole[term], rtol=1e-5, atol=1e-5)


class Counting:
    """Counts the rows that a layer's method is given."""

    def __init__(self, monkeypatch, owner: keras.layers.Layer, name: str):
        self.rows = 0
        method = getattr(owner, name)

        def counted(rows, *others):
            def count(rows):
                self.rows += len(rows)
                return np.float32(0.0)

            zero = tf.numpy_function(count, [rows], tf.float32)
            with tf.control_dependencies([zero]):
                return method(tf.identity(rows), *others)

        monkeypatch.setattr(owner, name, counted)


def test_what_is_drawn_often_is_computed_once(model, monkeypatch):
    batch, memory_size, num_samples = 3, 5, 200
    inferred = Counting(monkeypatch, model.posterior, "from_projection")
    encoded = Counting(monkeypatch, model.posterior, "project_entry")
    decoded = Counting(monkeypatch, model.decoder, "from_condition")
    model.score(images(batch, 1), images(memory_size, 2), num_samples, SEED)
    assert encoded.rows == memory_size
    assert inferred.rows <= batch * memory_size
    assert decoded.rows == batch * num_samples


def test_of_a_large_memory_only_what_is_drawn_is_encoded(model, monkeypatch):
    encoded = Counting(monkeypatch, model.posterior, "project_entry")
    model.score(images(3, 1), images(100, 2), 4, SEED)
    assert encoded.rows <= 16
