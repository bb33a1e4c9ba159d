"""SavedModels from outside: with TensorFlow alone, at other sizes than any, and damaged."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.without_tfvma import WITHOUT_TFVMA, run_without_tfvma
from tfvma.config import Config, EpisodeConfig, ModelConfig
from tfvma.errors import CheckpointError, InvalidArgumentError
from tfvma.export import export_saved_model
from tfvma.models.build import build_model
from tfvma.models.vma import VariationalMemoryAddressing
from tfvma.sampling import sample_address, sample_normal, split_seed
from tfvma.servable import Servable, find_version, load_servable

SIZE, LATENT_DIM = 10, 3
CONFIG = Config(
    name="tiny",
    episodes=EpisodeConfig(dataset="strokes"),
    model=ModelConfig(
        image_size=SIZE, filters=(3, 4), hidden_units=6, latent_dim=LATENT_DIM, key_dim=5
    ),
)
SEED = [3, -5]
# B, M, K: one sample; some; many chunks; M larger than K * B.
SIZES = {"one": (2, 3, 1), "odd": (7, 5, 5), "many": (5, 3, 128), "large": (2, 40, 5)}
TERMS = ("log_likelihood", "kl_address", "kl_latent", "reconstruction")

# Scores by the signature and by the card's own code.
OUTSIDER = (
    WITHOUT_TFVMA
    + """
home, inputs, outputs, seed, sizes = sys.argv[1:]
drawings, seed = np.load(inputs)["drawings"], json.loads(seed)
repeat_score = code_of_card(Path(home, "README.md"))["repeat_score"]

signatures = tf.saved_model.load(str(Path(home, "1"))).signatures
results = {}
for name, (batch, memory_size, num_samples) in json.loads(sizes).items():
    x, memory = drawings[:batch], drawings[-memory_size:]
    scores = signatures["score"](
        x=tf.constant(x),
        memory=tf.constant(memory),
        num_samples=tf.constant(num_samples),
        seed=tf.constant(seed),
    )
    results |= {f"{name} ours {key}": value for key, value in scores.items()}
    again = repeat_score(signatures, x, memory, num_samples, seed)
    results |= {f"{name} theirs {key}": value for key, value in again.items()}
check_absent()
np.savez(outputs, **results)
"""
)


def drawings(count: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (random.random((count, SIZE, SIZE, 1)) < 0.3).astype(np.float32)


@pytest.fixture(scope="module")
def model() -> VariationalMemoryAddressing:
    """With weights that are far from their initial values."""
    model = build_model(CONFIG)
    random = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(0.5 * random.standard_normal(weight.shape))
    return model


@pytest.fixture(scope="module")
def home(model, tmp_path_factory) -> Path:
    return export_saved_model(model, CONFIG, tmp_path_factory.mktemp("models")).parent


@pytest.fixture(scope="module")
def servable(home) -> Servable:
    return load_servable(home)


@pytest.fixture(scope="module")
def loaded(home):
    return tf.saved_model.load(str(home / "1"))


@pytest.fixture(scope="module")
def outsider(home, tmp_path_factory) -> dict[str, np.ndarray]:
    folder = tmp_path_factory.mktemp("outsider")
    np.savez(folder / "inputs.npz", drawings=drawings(40))
    files = [home, folder / "inputs.npz", folder / "outputs.npz"]
    run_without_tfvma(OUTSIDER, *files, json.dumps(SEED), json.dumps(SIZES), folder=folder)
    return dict(np.load(folder / "outputs.npz"))


# What it computes.


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("name", SIZES)
def test_score_is_what_an_outsider_computes_from_the_primitives(outsider, name, term):
    ours, theirs = outsider[f"{name} ours {term}"], outsider[f"{name} theirs {term}"]
    assert ours.shape == (SIZES[name][0],)
    assert theirs.dtype == np.float64
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)
    assert np.abs(theirs).min() > 1e-3


@pytest.mark.parametrize("name", SIZES)
def test_score_repeats_in_another_process(servable, outsider, name):
    batch, memory_size, num_samples = SIZES[name]
    x, memory = drawings(40)[:batch], drawings(40)[-memory_size:]
    for term, value in servable.score(x, memory, num_samples, SEED).items():
        np.testing.assert_allclose(value, outsider[f"{name} ours {term}"], rtol=1e-5, atol=1e-6)


def test_the_seed_decides(servable):
    x, memory = drawings(3), drawings(5, seed=1)
    first, same, other = (servable.score(x, memory, 6, seed) for seed in ([1, 2], [1, 2], [1, 3]))
    np.testing.assert_array_equal(first["log_likelihood"], same["log_likelihood"])
    assert np.all(first["log_likelihood"] != other["log_likelihood"])
    np.testing.assert_array_equal(first["kl_address"], other["kl_address"])


def test_generate_is_made_of_the_primitives(servable):
    memory = drawings(5, seed=1)
    found = servable.generate(memory, 9, SEED)
    address_seed, latent_seed = split_seed(tf.constant(SEED))
    log_prior = servable.address(memory, memory)["log_prior"]
    address = sample_address(log_prior[tf.newaxis], 9, address_seed)[:, 0]
    np.testing.assert_array_equal(found["address"], address)
    assert len(set(address.numpy())) > 1
    entry = memory[address]
    prior = servable.latent_prior(entry)
    z = sample_normal(prior["loc"], prior["scale"], latent_seed)
    expected = tf.sigmoid(servable.decode(z, entry)["logits"])
    np.testing.assert_allclose(found["images"], expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("memory_size", [5, 40])
def test_reconstruct_is_made_of_the_primitives(servable, memory_size):
    x, memory = drawings(4), drawings(memory_size, seed=1)
    found = servable.reconstruct(x, memory, 3, SEED)
    address_seed, latent_seed = split_seed(tf.constant(SEED))
    address = sample_address(servable.address(x, memory)["log_posterior"], 3, address_seed)
    np.testing.assert_array_equal(found["address"], address)
    entry = memory[tf.reshape(address, [-1])]
    posterior = servable.latent_posterior(np.tile(x, (3, 1, 1, 1)), entry)
    z = sample_normal(posterior["loc"], posterior["scale"], latent_seed)
    expected = tf.sigmoid(servable.decode(z, entry)["logits"])
    assert found["images"].shape == (3, 4, SIZE, SIZE, 1)
    np.testing.assert_allclose(
        found["images"], tf.reshape(expected, found["images"].shape), rtol=1e-4, atol=1e-6
    )


def test_classify_sums_the_address_posterior_by_label(servable):
    x, memory = drawings(4), drawings(6, seed=1)
    label = np.array([2, 0, 2, 1, 0, 2])
    found = servable.classify(x, memory, label, 4)["probabilities"]
    posterior = np.exp(servable.address(x, memory)["log_posterior"])
    expected = np.stack([posterior[:, label == way].sum(axis=1) for way in range(4)], axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_array_equal(found[:, 3], np.zeros(4))


def test_it_can_be_called_inside_a_function(servable):
    x, memory = tf.constant(drawings(3)), tf.constant(drawings(5, seed=1))
    score = tf.function(lambda k: servable.score(x, memory, k, tf.constant(SEED)))
    for num_samples in (2, 7):
        np.testing.assert_allclose(
            score(tf.constant(num_samples))["log_likelihood"],
            servable.score(x, memory, num_samples, SEED)["log_likelihood"],
            rtol=1e-6,
        )


# What it cannot work with.

X, MEMORY, Z = drawings(4), drawings(6), np.zeros((4, LATENT_DIM), np.float32)
BAD_CALLS = {
    "num_samples=0: expected at least 1": lambda s: s.score(X, MEMORY, 0, SEED),
    "num_samples=-3: expected at least 1": lambda s: s.generate(MEMORY, -3, SEED),
    "num_samples of float: expected int32": lambda s: s.reconstruct(X, MEMORY, 1.5, SEED),
    r"seed of shape \[3\]: expected int32 \[2\]": lambda s: s.score(X, MEMORY, 2, [1, 2, 3]),
    r"x of shape \[4, 9, 10, 1\]: expected float32 \[any, 10, 10, 1\]": lambda s: s.score(
        X[:, 1:], MEMORY, 2, SEED
    ),
    r"memory of shape \[10, 10, 1\]: expected float32": lambda s: s.address(X, MEMORY[0]),
    "memory of length 0: expected at least one image": lambda s: s.address(X, MEMORY[:0]),
    "x of length 0: expected at least one image": lambda s: s.score(X[:0], MEMORY, 2, SEED),
    r"x with values in \[0.0, 255.0\]: expected numbers in \[0, 1\]": lambda s: s.address(
        255 * X, MEMORY
    ),
    r"entry with values in \[nan, nan\]: expected": lambda s: s.latent_prior(MEMORY * np.nan),
    r"x and entry of lengths \[4, 6\]: expected equal": lambda s: s.latent_posterior(X, MEMORY),
    r"z and entry of lengths \[4, 6\]: expected equal": lambda s: s.decode(Z, MEMORY),
    r"z of shape \[4, 2\]: expected float32 \[any, 3\]": lambda s: s.decode(Z[:, 1:], X),
    "x of float64: expected float32": lambda s: s.address(tf.cast(X, tf.float64), MEMORY),
    r"memory_label and ways \[0, 1, 2, 0, 1, 2\], 2: expected": lambda s: s.classify(
        X, MEMORY, [0, 1, 2, 0, 1, 2], 2
    ),
    r"memory_label and memory of lengths \[2, 6\]: exp": lambda s: s.classify(X, MEMORY, [0, 1], 2),
    "entry_at: expected a model whose memory is learned": lambda s: s.entry_at([0]),
    "ways=0: expected at least 1": lambda s: s.classify(X, MEMORY, [0] * 6, 0),
}


@pytest.mark.parametrize("message", BAD_CALLS)
def test_bad_calls(servable, message):
    with pytest.raises(InvalidArgumentError, match=message):
        BAD_CALLS[message](servable)


@pytest.mark.parametrize("message", BAD_CALLS)
def test_bad_calls_of_the_model_read_the_same(model, message):
    with pytest.raises(InvalidArgumentError, match=message):
        BAD_CALLS[message](model)


RAW_CALLS = {
    "expected at least 1, got num_samples] [0]": {"num_samples": tf.constant(0)},
    "expected at least one image, got memory of length] [0]": {"memory": tf.constant(MEMORY[:0])},
    "expected numbers in [0, 1], got x with values in] [0 255]": {"x": tf.constant(255 * X)},
    "not compatible with expected shape [?,10,10,1]": {"x": tf.constant(X[:, 1:])},
}


@pytest.mark.parametrize("message", RAW_CALLS)
def test_bad_calls_of_a_signature_are_readable_too(loaded, message):
    """As a server's clients get them."""
    score = loaded.signatures["score"]
    inputs = {
        "x": tf.constant(X),
        "memory": tf.constant(MEMORY),
        "num_samples": tf.constant(2),
        "seed": tf.constant(SEED),
    }
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        score(**{**inputs, **RAW_CALLS[message]})
    assert message in str(error.value)


# Finding and loading it.


def test_the_latest_version_is_taken(tmp_path):
    for name in ("2", "10", ".tmp-11", "012", "notes"):
        (tmp_path / name).mkdir()
    (tmp_path / "20").touch()
    assert find_version(tmp_path) == tmp_path / "10"


def cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


PB, INDEX, DATA = "saved_model.pb", "variables.index", "variables.data-00000-of-00001"
DAMAGES: dict[str, Callable[[Path], object]] = {
    "no saved_model.pb": lambda folder: (folder / PB).unlink(),
    "half of saved_model.pb": lambda folder: cut(folder / PB),
    "empty saved_model.pb": lambda folder: (folder / PB).write_bytes(b""),
    "no index of variables": lambda folder: (folder / "variables" / INDEX).unlink(),
    "half of the index": lambda folder: cut(folder / "variables" / INDEX),
    "no variables": lambda folder: (folder / "variables" / DATA).unlink(),
    "half of the variables": lambda folder: cut(folder / "variables" / DATA),
    "empty variables": lambda folder: (folder / "variables" / DATA).write_bytes(b""),
    "other variables": lambda folder: (folder / "variables" / DATA).write_bytes(
        bytes((folder / "variables" / DATA).stat().st_size)
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_savedmodel_is_one_clear_error(home, tmp_path, damage):
    folder = shutil.copytree(home / "1", tmp_path / "1")
    DAMAGES[damage](folder)
    with pytest.raises(CheckpointError, match="path='.*1': expected a SavedModel"):
        load_servable(folder)


def test_what_is_no_savedmodel_of_tfvma(tmp_path):
    with pytest.raises(CheckpointError, match="there is no such folder"):
        load_servable(tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match="found no saved_model.pb"):
        load_servable(tmp_path)
    tf.saved_model.save(tf.Module(), str(tmp_path / "other"))
    with pytest.raises(CheckpointError, match=r"its signatures \(none\), with their inputs"):
        load_servable(tmp_path / "other")
