"""A tied model from one with two embeddings."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.test_widened import MLP
from tests.training.conftest import random_characters
from tfvma.config import replace_options
from tfvma.data.images import ImageSet
from tfvma.errors import CheckpointError
from tfvma.export import export_saved_model
from tfvma.layers import ConvEmbedding, MLPEmbedding
from tfvma.models.build import build_model
from tfvma.restore_weights import start_from
from tfvma.training import load_trained, train
from tfvma.training.tied_start import match_queries, scale_embedding

TIED = {"model.tied": True}


def randomize(weights) -> None:
    random = np.random.default_rng(3)
    for weight in weights:
        weight.assign(0.5 * random.standard_normal(weight.shape))


def mean_length(vectors) -> float:
    return float(tf.reduce_mean(tf.norm(vectors, axis=-1)))


def images_of(source) -> tf.Tensor:
    drawings = source.drawings.reshape(-1, *source.image_shape)
    return tf.constant(drawings, tf.float32)


@pytest.fixture
def untied(tiny, tmp_path):
    """A model whose keys are a thousand times as long as its queries, and where it is saved."""
    model = build_model(tiny)
    randomize(model.weights)
    embedding = model.addressing.key_embedding.embedding
    embedding.kernel.assign(1_000.0 * embedding.kernel)
    return model, export_saved_model(model, tiny, tmp_path / "models")


@pytest.mark.parametrize("factor", [1e-3, 1.0, 20.0])
@pytest.mark.parametrize(
    ("kind", "sizes"),
    [(ConvEmbedding, {"filters": (3, 4), "hidden_units": 6}), (MLPEmbedding, {"units": (7, 6)})],
)
def test_scaled_all_layers_alike_an_embedding_is_so_much_longer(kind, sizes, factor):
    embedding = kind(5, **sizes)
    images = tf.constant(np.random.default_rng(0).random([4, 8, 8, 1]), tf.float32)
    embedding.build(images.shape)
    randomize(embedding.weights)
    before = embedding(images).numpy()
    kernels = [np.linalg.norm(weight) for weight in embedding.weights[::2]]
    scale_embedding(embedding, factor)
    np.testing.assert_allclose(embedding(images), factor * before, rtol=1e-4, atol=1e-6 * factor)
    shares = [np.linalg.norm(w) / k for w, k in zip(embedding.weights[::2], kernels, strict=True)]
    np.testing.assert_allclose(shares, shares[0], rtol=1e-5)


def test_queries_are_as_long_as_they_were_and_keys_lie_as_they_did(untied, tiny):
    model, path = untied
    source = random_characters("strokes", "train")
    images = images_of(source)
    tied = build_model(replace_options(tiny, TIED))
    start_from(tied, path)
    keys = tied.addressing.keys(images).numpy()
    assert mean_length(tied.addressing.queries(images)) > 100 * mean_length(
        model.addressing.queries(images)
    )
    match_queries(tied.addressing, path, source)
    assert mean_length(tied.addressing.queries(images)) == pytest.approx(
        mean_length(model.addressing.queries(images)), rel=1e-4
    )
    ratios = tied.addressing.keys(images).numpy() / keys
    np.testing.assert_allclose(ratios, np.full(keys.shape, ratios[0, 0]), rtol=1e-3)


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ({"model.filters": (3, 4)}, {"model.filters": (5, 6), "model.hidden_units": 9}),
        (MLP, {"model.units": (9, 8)}),
    ],
)
def test_a_wider_tied_model_has_queries_as_long_as_those_of_the_narrower(
    tiny, tmp_path, narrow, wide
):
    small = replace_options(tiny, narrow)
    model = build_model(small)
    randomize(model.weights)
    path = export_saved_model(model, small, tmp_path)
    source = random_characters("strokes", "train")
    images = images_of(source)
    tied = build_model(replace_options(small, TIED | wide))
    start_from(tied, path)
    match_queries(tied.addressing, path, source)
    assert mean_length(tied.addressing.queries(images)) == pytest.approx(
        mean_length(model.addressing.queries(images)), rel=1e-4
    )


def test_grey_images_will_do(untied, tiny):
    model, path = untied
    images = images_of(random_characters("strokes", "train"))
    grey = ImageSet("grey", "train", (7 * images[..., 0].numpy()).astype(np.uint8), levels=7)
    tied = build_model(replace_options(tiny, TIED))
    start_from(tied, path)
    match_queries(tied.addressing, path, grey)
    assert mean_length(tied.addressing.queries(images)) == pytest.approx(
        mean_length(model.addressing.queries(images)), rel=1e-4
    )


def test_where_keys_are_not_divided_by_their_norm_h_is_taken_as_it_is(tiny, tmp_path):
    inner = replace_options(tiny, {"model.similarity": "inner"})
    model = build_model(inner)
    randomize(model.weights)
    path = export_saved_model(model, inner, tmp_path)
    tied = build_model(replace_options(inner, TIED))
    start_from(tied, path)
    match_queries(tied.addressing, path, random_characters("strokes", "train"))
    h, given = tied.addressing.key_embedding, model.addressing.key_embedding
    for weight, expected in zip(h.weights, given.weights, strict=True):
        np.testing.assert_array_equal(weight, expected)


@pytest.mark.parametrize("dead", ["key_embedding", "query_embedding"])
def test_an_embedding_that_gives_nothing_is_refused(tiny, tmp_path, dead):
    model = build_model(tiny)
    randomize(model.weights)
    for weight in getattr(model.addressing, dead).weights:
        weight.assign(tf.zeros_like(weight))
    path = export_saved_model(model, tiny, tmp_path)
    tied = build_model(replace_options(tiny, TIED))
    start_from(tied, path)
    with pytest.raises(CheckpointError, match="expected both more than 0 and finite"):
        match_queries(tied.addressing, path, random_characters("strokes", "train"))


def test_a_tied_model_gives_what_it_has(tiny, tmp_path):
    config = replace_options(tiny, TIED)
    model, other = build_model(config), build_model(config)
    randomize(model.weights)
    path = export_saved_model(model, config, tmp_path)
    start_from(other, path)
    match_queries(other.addressing, path, random_characters("strokes", "train"))
    for weight, expected in zip(other.weights, model.weights, strict=True):
        np.testing.assert_array_equal(weight, expected)


def test_a_run_starts_there(untied, tiny, tmp_path, monkeypatch):
    model, path = untied
    monkeypatch.setattr("tfvma.training.run.load_characters", random_characters)
    monkeypatch.setattr("tfvma.training.held_out.TARGETS", 8)
    slow = {"training.learning_rate": 1e-9, "training.steps": 1, "training.start_from": str(path)}
    train(replace_options(tiny, TIED | slow), tmp_path / "run")
    images = images_of(random_characters("strokes", "train"))
    begun = load_trained(tmp_path / "run")[0]
    assert mean_length(begun.addressing.queries(images)) == pytest.approx(
        mean_length(model.addressing.queries(images)), rel=1e-3
    )
