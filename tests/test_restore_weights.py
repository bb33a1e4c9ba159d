"""The weights of a SavedModel in a model that trains on."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.training.conftest import random_characters
from tfvma.config import (
    Config,
    EpisodeConfig,
    IntervalConfig,
    ModelConfig,
    TrainingConfig,
    replace_options,
)
from tfvma.errors import CheckpointError
from tfvma.export import export_saved_model
from tfvma.models.build import build_model
from tfvma.restore_weights import restore_weights, start_from
from tfvma.training import load_trained, train
from tfvma.training.pinned_start import pin_start
from tfvma.training.run_folder import RunFolder, read_config, write_config

SIZE = 26
CONFIG = Config(
    name="tiny",
    episodes=EpisodeConfig(dataset="strokes", num_classes=2, targets_per_class=1, shots=1),
    model=ModelConfig(image_size=SIZE, filters=(3, 4), hidden_units=6, latent_dim=3, key_dim=5),
    # Steps so small that the weights stay what they were to seven digits.
    training=TrainingConfig(steps=1, num_samples=2, learning_rate=1e-9, schedule="constant"),
    intervals=IntervalConfig(log=0, validation=0, checkpoint=0, picture=0),
)


def random_model(config: Config, seed: int):
    """With weights that are far from their initial values."""
    model = build_model(config)
    random = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(0.5 * random.standard_normal(weight.shape))
    return model


def wider(config: Config) -> Config:
    return dataclasses.replace(config, model=dataclasses.replace(config.model, key_dim=6))


def starting_from(config: Config, path: Path, steps: int = 1) -> Config:
    training = dataclasses.replace(config.training, start_from=str(path), steps=steps)
    return dataclasses.replace(config, training=training)


@pytest.fixture(scope="module")
def model():
    return random_model(CONFIG, seed=0)


@pytest.fixture(scope="module")
def exported(model, tmp_path_factory) -> Path:
    return export_saved_model(model, CONFIG, tmp_path_factory.mktemp("models"))


@pytest.fixture
def noise(monkeypatch):
    monkeypatch.setattr("tfvma.training.run.load_characters", random_characters)
    monkeypatch.setattr("tfvma.training.held_out.TARGETS", 8)


def test_training_goes_on_from_a_savedmodel(model, exported):
    restored = build_model(CONFIG)
    restored.compile(keras.optimizers.Adam(1e-3), jit_compile=False, run_eagerly=True)
    restore_weights(restored, exported.parent)
    for found, expected in zip(restored.weights, model.weights, strict=True):
        np.testing.assert_array_equal(found, expected)
    images = tf.constant(np.random.default_rng(0).random((6, SIZE, SIZE, 1)) < 0.3, tf.float32)
    episode = {"x": images[:2], "memory": images}
    restored.fit(tf.data.Dataset.from_tensors(episode), verbose=0)
    assert np.any(restored.get_weights()[0] != model.get_weights()[0])


def test_weights_of_another_architecture_are_refused_and_change_nothing(exported):
    other = random_model(wider(CONFIG), seed=1)
    before = other.get_weights()
    with pytest.raises(CheckpointError, match="key_embedding/embedding/bias is .5. and not .6."):
        restore_weights(other, exported)
    for found, expected in zip(other.get_weights(), before, strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.usefixtures("noise")
def test_a_run_starts_from_a_savedmodel_and_goes_on_from_its_own_checkpoint(
    model, exported, tmp_path
):
    train(starting_from(CONFIG, exported.parent), tmp_path)
    for found, expected in zip(
        load_trained(tmp_path)[0].get_weights(), model.get_weights(), strict=True
    ):
        np.testing.assert_allclose(found, expected, atol=1e-6)

    # Weights that go on are not set back: the SavedModel is not looked at again.
    longer = starting_from(CONFIG, tmp_path / "gone", steps=2)
    with pytest.raises(CheckpointError, match="training.start_from is "):
        train(longer, tmp_path)
    assert train(longer, tmp_path, accept_changes=True).step == 2


@pytest.mark.usefixtures("noise")
def test_a_run_keeps_the_version_that_it_started_from(tmp_path):
    home = tmp_path / "models" / CONFIG.name
    first = export_saved_model(random_model(CONFIG, seed=3), CONFIG, tmp_path / "models")
    assert first == home / "1"
    train(starting_from(CONFIG, home), tmp_path / "run")
    assert read_config(RunFolder(tmp_path / "run")).training.start_from == str(first)

    export_saved_model(random_model(CONFIG, seed=4), CONFIG, tmp_path / "models")
    assert train(starting_from(CONFIG, home, steps=2), tmp_path / "run").step == 2
    assert read_config(RunFolder(tmp_path / "run")).training.start_from == str(first)
    with pytest.raises(CheckpointError, match="training.start_from is .*/1' there and .*/2' here"):
        train(starting_from(CONFIG, home / "2", steps=3), tmp_path / "run")


@pytest.mark.parametrize(
    ("begun", "asked", "pinned"),
    [
        (None, "{home}", "{home}/2"),
        (None, "{home}/1/", "{home}/1"),
        ("{home}/1", "{home}/", "{home}/1"),
        ("{home}/1", "{home}/1/", "{home}/1"),
        # A run from before versions were kept.
        ("{home}", "{home}", "{home}"),
        # Refused later, or accepted.
        ("", "{home}", "{home}/2"),
        ("{home}/1", "nowhere", "nowhere"),
        ("damaged", "{home}", "{home}/2"),
        (None, "", ""),
    ],
)
def test_which_version_is_pinned(tmp_path, begun, asked, pinned):
    home = tmp_path / "models"
    for version in "12":
        (home / version).mkdir(parents=True)
        (home / version / "saved_model.pb").touch()
    folder = RunFolder(tmp_path)
    if begun == "damaged":
        folder.config.write_text("{}x")
    elif begun is not None:
        write_config(folder, starting_from(CONFIG, begun.format(home=home)))
    config = replace_options(CONFIG, {"training.start_from": asked.format(home=home)})
    assert pin_start(config, folder).training.start_from == pinned.format(home=home)


@pytest.mark.usefixtures("noise")
@pytest.mark.parametrize("change", ["architecture", "nowhere"])
def test_a_savedmodel_that_cannot_be_started_from_is_one_clear_error(exported, tmp_path, change):
    if change == "nowhere":
        config, reason = starting_from(CONFIG, tmp_path / "no"), "there is no such folder"
    else:
        config, reason = starting_from(wider(CONFIG), exported), "key_embedding/embedding/bias is"
    with pytest.raises(CheckpointError, match=f"training.start_from='.*{reason}"):
        train(config, tmp_path / "run")
    assert not (tmp_path / "run" / "config.json").exists()


@pytest.mark.usefixtures("noise")
def test_a_run_says_that_it_is_wider_than_what_it_starts_from(model, exported, tmp_path):
    said = io.StringIO()
    wide = replace_options(starting_from(CONFIG, exported), {"model.hidden_units": 8})
    train(wide, tmp_path / "run", progress=said)
    trained, _, _ = load_trained(tmp_path / "run")
    # The kernel and bias of each hidden layer, and the kernel that reads it: of h, h_q, p(z | m),
    # q(z | m, x) and the summary of an entry.
    assert f"15 of {len(trained.weights)} weights are wider than {exported}'s:" in said.getvalue()
    assert trained.count_params() > model.count_params()


@pytest.mark.usefixtures("noise")
def test_a_relative_gives_what_the_two_share(tmp_path):
    vae = replace_options(CONFIG, {"model.family": "vae", "model.key_dim": 128})
    without = random_model(vae, seed=2)
    exported = export_saved_model(without, vae, tmp_path / "models")
    soft = replace_options(
        CONFIG, {"model.family": "soft_attention", "training.start_from": str(exported)}
    )
    said = io.StringIO()
    train(soft, tmp_path / "run", progress=said)
    trained, _, _ = load_trained(tmp_path / "run")
    # Encoder: 2 of 2 convolutions and 2 of 2 dense layers. Decoder: kernels, since biases of
    # the one with a memory are those of what it reads there.
    assert f"11 of {len(trained.weights)} weights are {exported}'s." in said.getvalue()
    for path in ("encoder/conv1/bias", "posterior/hidden/kernel", "decoder/up2/kernel"):
        found, expected = (
            next(weight for weight in each.weights if weight.path.endswith(path))
            for each in (trained, without)
        )
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_tied_model_takes_one_embedding_of_two(exported, model):
    tied = random_model(replace_options(CONFIG, {"model.tied": True}), seed=1)
    assert start_from(tied, exported).given == len(tied.weights) < len(model.weights)
    theirs = {weight.path: weight.numpy() for weight in model.weights}
    for weight in tied.weights:
        np.testing.assert_array_equal(weight, theirs[weight.path])
    with pytest.raises(CheckpointError, match="it has .*query_embedding.* besides"):
        restore_weights(tied, exported)


def test_a_model_with_two_embeddings_needs_both(tmp_path):
    config = replace_options(CONFIG, {"model.tied": True})
    exported = export_saved_model(random_model(config, seed=1), config, tmp_path)
    with pytest.raises(CheckpointError, match="there is no .*query_embedding"):
        start_from(build_model(CONFIG), exported)


@pytest.mark.parametrize("there", [0, 2, 3, 5])
def test_a_learned_memory_may_be_of_another_size(tmp_path, there):
    def with_memory(size: int) -> Config:
        changes = {"model.memory_size": size, "episodes.kind": "images"} if size else {}
        plain = {"episodes.num_classes": 8, "episodes.targets_per_class": 4, "episodes.shots": 4}
        return replace_options(CONFIG, {**changes, **(plain if size else {})})

    theirs = random_model(with_memory(there), seed=1)
    exported = export_saved_model(theirs, with_memory(there), tmp_path)
    ours = random_model(with_memory(3), seed=2)
    slots = ours.memory.slots.numpy()
    assert start_from(ours, exported).given == len(ours.weights) - (there != 3)
    given = {weight.path: weight.numpy() for weight in theirs.weights}
    for weight in ours.weights:
        kept = weight is ours.memory.slots and there != 3
        np.testing.assert_array_equal(weight, slots if kept else given[weight.path])


@pytest.mark.parametrize(
    ("there", "message"),
    [
        ({"model.filters": (3, 4, 4, 4)}, "it has .*conv4.* besides"),
        ({"model.memory_size": 2, "model.image_size": 25}, r"slots is .2, 25, 25, 1."),
    ],
)
def test_a_deeper_model_and_entries_of_another_shape_are_refused(tmp_path, there, message):
    images = {"episodes.kind": "images", "model.memory_size": 3, "model.filters": (3, 4, 4)}
    images |= {"episodes.num_classes": 8, "episodes.targets_per_class": 4, "episodes.shots": 4}
    config = replace_options(CONFIG, {**images, **there})
    exported = export_saved_model(random_model(config, seed=1), config, tmp_path)
    with pytest.raises(CheckpointError, match=message):
        start_from(build_model(replace_options(CONFIG, images)), exported)


def test_a_stranger_shares_nothing(tmp_path):
    class Stranger(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1)
            self.dense.build((None, 1))
            self.built = True

    vae = replace_options(CONFIG, {"model.family": "vae", "model.key_dim": 128})
    exported = export_saved_model(random_model(vae, seed=2), vae, tmp_path)
    with pytest.raises(CheckpointError, match="expected a relative of the model"):
        start_from(Stranger(), exported)
