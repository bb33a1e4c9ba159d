"""Export: what the SavedModel holds, and that it appears whole or not at all."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvma
from tfvma.config import Config, EpisodeConfig, ModelConfig, TrainingConfig, from_dict
from tfvma.errors import DivergedError, InvalidArgumentError, OutputError
from tfvma.export import export_saved_model
from tfvma.layers import Addressing, ConvDecoder, GaussianHead
from tfvma.models import VariationalMemoryAddressing
from tfvma.models.build import build_model
from tfvma.restore_weights import restore_weights
from tfvma.servable import load_servable
from tfvma.training.provenance import Training, read_training

SIZE = 10
CONFIG = Config(
    name="tiny",
    episodes=EpisodeConfig(dataset="strokes"),
    model=ModelConfig(image_size=SIZE, filters=(3, 4), hidden_units=6, latent_dim=3, key_dim=5),
    training=TrainingConfig(precision="mixed_bfloat16"),
)
TRAINING = Training(steps=120, minutes=2.5)


def random_model(config: Config = CONFIG, seed: int = 0):
    """With weights that are far from their initial values."""
    model = build_model(config)
    random = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(0.5 * random.standard_normal(weight.shape))
    return model


def drawings(count: int, seed: int = 0) -> tf.Tensor:
    random = np.random.default_rng(seed)
    return tf.constant(random.random((count, SIZE, SIZE, 1)) < 0.3, tf.float32)


@pytest.fixture(scope="module")
def model():
    """As it is after training: in mixed precision, with an optimizer."""
    model = random_model()
    model.compile(keras.optimizers.Adam(use_ema=True))
    model.optimizer.build(model.trainable_variables)
    return model


@pytest.fixture(scope="module")
def exported(model, tmp_path_factory) -> Path:
    return export_saved_model(model, CONFIG, tmp_path_factory.mktemp("models"), training=TRAINING)


@pytest.fixture
def quick_save(exported, monkeypatch) -> None:
    """Saving copies the SavedModel that is there: for tests of what happens around it."""

    def save(module, folder, signatures):
        shutil.copytree(exported, folder, ignore=shutil.ignore_patterns("assets.extra"))

    monkeypatch.setattr(tf.saved_model, "save", save)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


# What it holds.


def test_signatures_are_those_of_the_design(exported):
    signatures = tf.saved_model.load(str(exported)).signatures
    images, logits = ("float32", [None, SIZE, SIZE, 1]), ("float32", [None, SIZE, SIZE, 1])
    count, seed, address = ("int32", []), ("int32", [2]), ("int32", [None])
    per_target, latents = ("float32", [None]), ("float32", [None, 3])
    per_slot = ("float32", [None, None])
    score = (
        {"x": images, "memory": images, "num_samples": count, "seed": seed},
        dict.fromkeys(("log_likelihood", "kl_address", "kl_latent", "reconstruction"), per_target),
    )
    expected = {
        "address": (
            {"x": images, "memory": images},
            {"log_posterior": per_slot, "log_prior": per_target},
        ),
        "latent_prior": ({"entry": images}, {"loc": latents, "scale": latents}),
        "latent_posterior": ({"x": images, "entry": images}, {"loc": latents, "scale": latents}),
        "decode": ({"z": latents, "entry": images}, {"logits": logits}),
        "score": score,
        "serving_default": score,
        "generate": (
            {"memory": images, "num_samples": count, "seed": seed},
            {"images": images, "address": address},
        ),
        "reconstruct": (
            {"x": images, "memory": images, "num_samples": count, "seed": seed},
            {"images": ("float32", [None, None, SIZE, SIZE, 1]), "address": ("int32", [None] * 2)},
        ),
        "classify": (
            {"x": images, "memory": images, "memory_label": ("int32", [None]), "ways": count},
            {"probabilities": per_slot},
        ),
    }

    def described(specs):
        return {key: (spec.dtype.name, spec.shape.as_list()) for key, spec in specs.items()}

    found = {
        name: (
            described(function.structured_input_signature[1]),
            described(function.structured_outputs),
        )
        for name, function in signatures.items()
    }
    assert found == expected


def test_every_weight_is_there_once_and_nothing_else(model, exported):
    variables = dict(tf.train.list_variables(str(exported / "variables" / "variables")))
    del variables["_CHECKPOINTABLE_OBJECT_GRAPH"]
    assert sorted(map(tuple, variables.values())) == sorted(tuple(w.shape) for w in model.weights)
    data = exported / "variables" / "variables.data-00000-of-00001"
    weights = 4 * sum(np.prod(weight.shape, dtype=int) for weight in model.weights)
    assert weights < data.stat().st_size < weights + 20_000


def test_no_path_of_this_machine_leaks_into_it(exported):
    paths = {sys.prefix, str(Path(tfvma.__file__).parent), str(exported.parent), str(Path.cwd())}
    for file in exported.parent.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not [path for path in paths if path.encode() in content], file
            assert b".py" not in content.replace(b"train.py", b"").replace(b"evaluate.py", b"")


def test_it_computes_in_float32_what_was_trained_in_mixed_precision(model, exported):
    assert model.decoder.compute_dtype == "bfloat16"
    x, memory = drawings(4), drawings(6, seed=1)
    float32 = build_model(CONFIG, precision="float32")
    float32.set_weights(model.get_weights())
    expected = float32.score(x, memory, 3, [1, 2])
    found = load_servable(exported).score(x, memory, 3, [1, 2])
    rounded = model.score(x, memory, 3, [1, 2])
    for key, value in expected.items():
        np.testing.assert_allclose(found[key], value, rtol=1e-5, err_msg=key)
    assert not np.allclose(found["log_likelihood"], rounded["log_likelihood"], rtol=1e-5)


def test_what_lies_beside_it(exported):
    home = exported.parent
    assert exported == home / "1"
    assert {path.name for path in home.iterdir()} == {"1", "config.json", "README.md"}
    assert from_dict(json.loads((home / "config.json").read_text())) == CONFIG
    assert read_training(exported) == TRAINING
    assert "120 of 40,000 steps in 2 minutes" in (home / "README.md").read_text()


@pytest.mark.usefixtures("quick_save")
def test_no_history_is_made_up_for_a_model_that_train_py_did_not_train(model, tmp_path):
    exported = export_saved_model(model, CONFIG, tmp_path)
    assert not read_training(exported).recorded
    text = (exported.parent / "README.md").read_text()
    assert "It was trained outside train.py" in text
    assert "40,000" not in text and "--preset" not in text


# Names and versions.


@pytest.mark.usefixtures("quick_save")
def test_versions_are_counted_and_metrics_left_alone(model, tmp_path):
    first = export_saved_model(model, CONFIG, tmp_path / "new", name="other", version=7)
    metrics = first.parent / "metrics.json"
    metrics.write_text("[]")
    second = export_saved_model(model, CONFIG, tmp_path / "new", name="other")
    assert (first, second) == tuple(tmp_path / "new" / "other" / v for v in ("7", "8"))
    assert metrics.read_text() == "[]"
    assert json.loads((first.parent / "config.json").read_text())["name"] == "other"


def test_a_version_that_exists_is_refused(model, exported):
    before = files(exported.parent)
    with pytest.raises(InvalidArgumentError, match="version=1: .*tiny/1 exists; .* such as 2"):
        export_saved_model(model, CONFIG, exported.parent.parent, version=1)
    assert files(exported.parent) == before


@pytest.mark.usefixtures("quick_save")
def test_a_version_that_appears_meanwhile_is_not_overwritten(model, tmp_path, monkeypatch):
    save = tf.saved_model.save

    def another_is_faster(module, folder, signatures):
        save(module, folder, signatures)
        (Path(folder).parent / "1").mkdir()
        (Path(folder).parent / "1" / "theirs").touch()

    monkeypatch.setattr(tf.saved_model, "save", another_is_faster)
    with pytest.raises(InvalidArgumentError, match="version=1: .* exists"):
        export_saved_model(model, CONFIG, tmp_path / "a", version=1)
    assert export_saved_model(model, CONFIG, tmp_path / "b").name == "2"
    assert [files(tmp_path / folder / "tiny" / "1") for folder in "ab"] == [{"theirs"}] * 2


@pytest.mark.parametrize("name", ["", "..", "a/b", "/a"])
def test_a_name_that_is_a_path_is_refused(model, tmp_path, name):
    with pytest.raises(InvalidArgumentError, match=f"name='{name}': expected the name of a fold"):
        export_saved_model(model, CONFIG, tmp_path, name=name)
    assert list(tmp_path.iterdir()) == []


def test_a_version_below_one_is_refused(model, tmp_path):
    with pytest.raises(InvalidArgumentError, match="version=0: expected at least 1"):
        export_saved_model(model, CONFIG, tmp_path, version=0)


# What cannot be exported.


def wider() -> Config:
    return dataclasses.replace(CONFIG, model=dataclasses.replace(CONFIG.model, key_dim=6))


def test_a_model_of_another_architecture_is_refused(model, tmp_path):
    with pytest.raises(
        InvalidArgumentError, match="addressing.key_embedding.embedding_dim is 5 and "
    ):
        export_saved_model(model, wider(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_model_of_another_family_is_refused(model, tmp_path):
    vae = dataclasses.replace(CONFIG.model, family="vae", key_dim=ModelConfig().key_dim)
    other = dataclasses.replace(CONFIG, model=vae)
    with pytest.raises(InvalidArgumentError, match="it is VariationalMemoryAddressing and not Var"):
        export_saved_model(model, other, tmp_path)


class Extended(VariationalMemoryAddressing):
    """May compute something else."""


def test_a_model_of_a_users_own_is_refused(model, tmp_path):
    layers = {name: getattr(random_model(), name) for name in model.LAYERS}
    mine = Extended(**layers, image_shape=model.image_shape)
    with pytest.raises(InvalidArgumentError, match="it is Extended and not VariationalMemoryAddr"):
        export_saved_model(mine, CONFIG, tmp_path)


def test_one_layer_in_two_places_is_refused(model, tmp_path):
    layers = {name: getattr(random_model(), name) for name in model.LAYERS}
    key = layers["addressing"].key_embedding
    layers["addressing"] = Addressing(key, key, name="addressing")
    # Its options are those of two equal layers.
    mine = type(model)(**layers, image_shape=model.image_shape)
    with pytest.raises(InvalidArgumentError, match=r"addressing has \d+ weights and not \d+"):
        export_saved_model(mine, CONFIG, tmp_path)


def test_a_layer_that_was_built_for_other_shapes_is_refused(model, tmp_path):
    """Options say nothing of them."""
    layers = {name: getattr(random_model(), name) for name in model.LAYERS}
    layers["prior_head"] = GaussianHead.from_config(model.prior_head.get_config())
    layers["prior_head"].build((None, 7))
    mine = type(model)(**layers, image_shape=model.image_shape)
    with pytest.raises(InvalidArgumentError, match=r"prior/hidden/kernel is \[7, 6\] and not"):
        export_saved_model(mine, CONFIG, tmp_path)


def test_weights_for_a_copy_that_config_does_not_know_are_refused(tmp_path):
    dense = ModelConfig(network="mlp", image_size=SIZE, units=(6, 5), latent_dim=3, key_dim=5)
    config = dataclasses.replace(CONFIG, model=dense)
    copying = dataclasses.replace(CONFIG, model=dataclasses.replace(dense, entry_to_logits=3.0))
    with pytest.raises(InvalidArgumentError, match="decoder.entry_to_logits is 3.0 and not 0.0"):
        export_saved_model(build_model(copying), config, tmp_path)


@pytest.mark.parametrize(
    "option, value, said",
    [
        ("similarity", "cosine", "addressing.similarity is 'normalized' and not 'cosine'"),
        ("stride_first", False, "addressing.key_embedding.stride_first is True and not False"),
    ],
)
def test_weights_that_config_would_have_used_differently_are_refused(
    model, tmp_path, option, value, said
):
    other = dataclasses.replace(CONFIG, model=dataclasses.replace(CONFIG.model, **{option: value}))
    with pytest.raises(InvalidArgumentError, match=f"of config 'tiny', but {said}"):
        export_saved_model(model, other, tmp_path)
    assert list(tmp_path.iterdir()) == []


class MyDecoder(ConvDecoder):
    """With the weights of the package's own."""


def test_a_layer_that_config_does_not_describe_is_refused(model, tmp_path):
    mine = type(model)(
        **{name: getattr(random_model(), name) for name in model.LAYERS if name != "decoder"},
        decoder=MyDecoder.from_config(model.decoder.get_config()),
        image_shape=model.image_shape,
        name=model.name,
    )
    with pytest.raises(InvalidArgumentError, match="decoder is MyDecoder and not ConvDecoder"):
        export_saved_model(mine, CONFIG, tmp_path)


def test_a_reloaded_model_is_exported_with_its_weights(model, tmp_path):
    model.save(tmp_path / "mine.keras")
    reloaded = keras.saving.load_model(tmp_path / "mine.keras")
    exported = export_saved_model(reloaded, CONFIG, tmp_path / "models")
    again = build_model(CONFIG, precision="float32")
    restore_weights(again, exported)
    for weight, expected in zip(again.weights, model.weights, strict=True):
        np.testing.assert_array_equal(weight, expected, err_msg=expected.path)


def test_versions_of_one_name_share_an_architecture(exported):
    before = files(exported.parent)
    with pytest.raises(InvalidArgumentError, match="model.key_dim is 5 there and 6 here"):
        export_saved_model(random_model(wider()), wider(), exported.parent.parent)
    assert files(exported.parent) == before


def test_weights_that_are_not_finite_are_refused(tmp_path):
    diverged = random_model()
    diverged.decoder.summary.bias.assign([0.0, np.nan, 0.0])
    with pytest.raises(DivergedError, match="decoder/summary/bias is not finite"):
        export_saved_model(diverged, CONFIG, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_the_folder(model, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="directory='.*file': expected a folder that can be wri"):
        export_saved_model(model, CONFIG, tmp_path / "file")
    with pytest.raises(OutputError, match="directory=.* cannot be written .File exists"):
        export_saved_model(model, CONFIG, tmp_path, name="file")


# Whole or not at all.


def test_a_crash_in_the_middle_leaves_nothing(model, tmp_path, monkeypatch):
    class CrashError(Exception):
        pass

    def crash(module, folder, signatures):
        Path(folder).mkdir()
        (Path(folder) / "saved_model.pb").write_bytes(b"half")
        assert [path.name for path in Path(folder).parent.iterdir()] == [f".tmp-{os.getpid()}"]
        raise CrashError

    monkeypatch.setattr(tf.saved_model, "save", crash)
    with pytest.raises(CrashError):
        export_saved_model(model, CONFIG, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_clear_error(model, tmp_path, monkeypatch):
    def full(module, folder, signatures):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tf.saved_model, "save", full)
    with pytest.raises(OutputError, match="cannot be written .No space left on device"):
        export_saved_model(model, CONFIG, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("quick_save")
def test_what_killed_exports_left_is_removed_and_running_ones_are_not(model, tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    running = os.getppid()
    for owner in (dead.pid, running, os.getpid(), "notes"):
        folder = tmp_path / "tiny" / f".tmp-{owner}"
        folder.mkdir(parents=True)
        (folder / "saved_model.pb").write_bytes(b"half")
    assert export_saved_model(model, CONFIG, tmp_path).name == "1"
    left = {path.name for path in (tmp_path / "tiny").glob(".tmp-*")}
    assert left == {f".tmp-{running}", ".tmp-notes"}


@pytest.mark.usefixtures("quick_save")
def test_a_damaged_metrics_file_is_found_before_the_work(model, tmp_path):
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "metrics.json").write_text("{")
    with pytest.raises(OutputError, match="metrics.json"):
        export_saved_model(model, CONFIG, tmp_path)
    assert files(tmp_path) == {"tiny/metrics.json"}
