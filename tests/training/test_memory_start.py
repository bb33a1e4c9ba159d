"""A learned memory that begins as images."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tfvma.config import Config, EpisodeConfig, check_config, replace_options
from tfvma.data.choice import choose
from tfvma.data.images import ImageSet
from tfvma.errors import DataError, InvalidArgumentError
from tfvma.export import export_saved_model
from tfvma.layers.memory import LearnedMemory
from tfvma.models.build import build_model
from tfvma.training import load_trained, train
from tfvma.training.memory_start import start_at_images

PIXELS = np.random.default_rng(0).integers(0, 4, [30, 6, 6], dtype=np.uint8)
IMAGES = ImageSet("binarized_mnist", "train", PIXELS, levels=3)


def slots(memory_size: int, seed: int = 0) -> np.ndarray:
    memory = LearnedMemory(memory_size, (6, 6, 1))
    memory.build()
    start_at_images(memory, IMAGES, seed)
    return memory.slots.numpy()


def places(found: np.ndarray) -> list[int]:
    """Of the images that are in the slots, grey as they are."""
    same = np.isclose(found[:, np.newaxis, ..., 0], PIXELS / 3.0).all(axis=(2, 3))
    assert (same.sum(axis=1) == 1).all()
    return list(np.argmax(same, axis=1))


def test_the_slots_are_different_images():
    assert sorted(places(slots(30))) == list(range(30))
    assert len(set(places(slots(7)))) == 7


def test_the_seed_chooses():
    np.testing.assert_array_equal(slots(7, seed=1), slots(7, seed=1))
    assert set(places(slots(7, seed=1))) != set(places(slots(7, seed=2)))


def test_they_are_not_the_first_targets_of_the_same_seed():
    many = ImageSet(
        "binarized_mnist", "train", np.arange(200, dtype=np.uint8).reshape(-1, 1, 1), 200
    )
    memory = LearnedMemory(8, (1, 1, 1))
    memory.build()
    start_at_images(memory, many, 0)
    first = choose(200, 8, tf.constant([0, 0], tf.int64)).numpy()
    chosen = np.rint(200 * memory.slots.numpy().ravel()).astype(int)
    assert len(set(chosen) & set(first)) < 4


def test_there_must_be_as_many(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr("tfvma.training.run.load_images", lambda *_: IMAGES)
    config = of_images(tiny, memory_start="images")
    many = dataclasses.replace(config, model=dataclasses.replace(config.model, memory_size=31))
    with pytest.raises(DataError, match="memory_size=31: expected at most 30, the images of"):
        train(many, tmp_path)
    assert list(tmp_path.iterdir()) == []


def of_images(tiny, **training):
    return dataclasses.replace(
        tiny,
        episodes=EpisodeConfig(dataset="binarized_mnist", kind="images", targets=4),
        model=dataclasses.replace(tiny.model, image_size=6, memory_size=5),
        training=dataclasses.replace(tiny.training, **training),
    )


def test_a_run_starts_there(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr("tfvma.training.run.load_images", lambda *_: IMAGES)
    monkeypatch.setattr("tfvma.training.held_out.TARGETS", 8)
    slow = of_images(tiny, memory_start="images", learning_rate=1e-9, steps=2)
    train(slow, tmp_path)
    begun = load_trained(tmp_path)[0].memory.slots.numpy()
    np.testing.assert_allclose(begun, slots(5, seed=slow.training.seed), atol=1e-6)


def test_the_images_take_the_place_of_the_slots_that_a_run_starts_from(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr("tfvma.training.run.load_images", lambda *_: IMAGES)
    monkeypatch.setattr("tfvma.training.held_out.TARGETS", 8)
    first = of_images(tiny)
    given = build_model(first)
    for weight in given.weights:
        weight.assign(np.full(weight.shape, 0.25))
    path = export_saved_model(given, first, tmp_path / "models")
    options = {"memory_start": "images", "start_from": str(path), "learning_rate": 1e-9, "steps": 1}
    train(of_images(tiny, **options), tmp_path / "run")
    begun = load_trained(tmp_path / "run")[0]
    np.testing.assert_allclose(begun.memory.slots, slots(5, tiny.training.seed), atol=1e-6)
    for weight in begun.trainable_weights:
        if weight is not begun.memory.slots:
            np.testing.assert_allclose(weight, 0.25, atol=1e-6, err_msg=weight.path)


def test_what_has_no_such_memory_is_refused(tiny):
    learned = of_images(tiny, memory_start="images")
    check_config(learned)
    with pytest.raises(InvalidArgumentError, match="memory_start='drawings': expected one of"):
        check_config(of_images(tiny, memory_start="drawings"))
    episodic = dataclasses.replace(learned, model=tiny.model, episodes=tiny.episodes)
    with pytest.raises(InvalidArgumentError, match="memory_start='images': expected 'noise'.*0"):
        check_config(episodic)
    mlp = dataclasses.replace(
        learned.model, network="mlp", filters=(48, 48, 64, 64, 64, 64), hidden_units=256
    )
    with pytest.raises(InvalidArgumentError, match="memory_start='images'.*network='mlp'"):
        check_config(dataclasses.replace(learned, model=mlp))
    for family in ("vae", "soft_attention"):
        other = replace_options(Config("some"), {"model.family": family})
        check_config(other)
        with pytest.raises(InvalidArgumentError, match=f"memory_start='images'.*family='{family}'"):
            check_config(replace_options(other, {"training.memory_start": "images"}))
