"""Models of every kind, exported: what the SavedModel of each has, takes, gives and refuses.

tests/test_export.py and tests/test_servable.py say more about the one with an address and a
memory that comes with every call.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.models.tiny_latent import tiny_config
from tests.models.tiny_learned import ENTRY, LATENT_DIM, SIZE, SLOTS, learned_model
from tests.without_tfvma import WITHOUT_TFVMA, run_without_tfvma
from tfvma.errors import CheckpointError, InvalidArgumentError
from tfvma.export import export_saved_model
from tfvma.kinds import KINDS, kind_of, kind_with
from tfvma.models.build import build_model
from tfvma.models.episodic import EpisodicModel
from tfvma.restore_weights import restore_weights
from tfvma.servable import Servable, load_servable, read_kind

SEED = [3, -5]
# B, M, K: one sample; some; many chunks; M larger than K * B.
SIZES = {"one": (2, 3, 1), "odd": (7, 5, 5), "many": (5, 3, 128), "large": (2, 40, 5)}
NAMES = ("learned", "soft_attention", "vae")
_, LEARNED, SOFT, VAE = KINDS
EXPECTED_KIND = dict(zip(NAMES, (LEARNED, SOFT, VAE), strict=True))
names = pytest.mark.parametrize("name", NAMES)
sizes = pytest.mark.parametrize("size", SIZES)

# Scores by the signature and by the card's own code.
OUTSIDER = (
    WITHOUT_TFVMA
    + """
homes, inputs, outputs, seed, sizes = sys.argv[1:]
drawings, seed = np.load(inputs)["drawings"], json.loads(seed)
results = {}
for kind, home in json.loads(homes).items():
    code = code_of_card(Path(home, "README.md"))
    repeat = code.get("repeat_score") or code["repeat_latent_score"]
    signatures = tf.saved_model.load(str(Path(home, "1"))).signatures
    takes_memory = "memory" in signatures["score"].structured_input_signature[1]
    for size, (batch, memory_size, num_samples) in json.loads(sizes).items():
        x, memory = drawings[:batch], drawings[-memory_size:] if takes_memory else None
        scores = signatures["serving_default"](
            x=tf.constant(x),
            num_samples=tf.constant(num_samples),
            seed=tf.constant(seed),
            **({"memory": tf.constant(memory)} if takes_memory else {}),
        )
        results |= {f"{kind} {size} ours {key}": value for key, value in scores.items()}
        again = repeat(signatures, x, memory, num_samples, seed)
        results |= {f"{kind} {size} theirs {key}": value for key, value in again.items()}
check_absent()
np.savez(outputs, **results)
"""
)


@dataclass(frozen=True)
class Exported:
    """A model and its SavedModel."""

    model: EpisodicModel
    home: Path
    servable: Servable


def randomized(model: EpisodicModel) -> EpisodicModel:
    """With weights that are far from their initial values."""
    random = np.random.default_rng(0)
    for weight in model.weights:
        if weight.dtype == "float32":
            weight.assign(0.5 * random.standard_normal(weight.shape))
    return model


def drawings(count: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (random.random((count, SIZE, SIZE, 1)) < 0.3).astype(np.float32)


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> dict[str, Exported]:
    """Every kind but the one that test_servable.py has."""
    folder = tmp_path_factory.mktemp("models")
    found = {}
    for name in NAMES:
        config = tiny_config("vae" if name == "learned" else name)
        with pytest.MonkeyPatch.context() as patch:
            if name == "learned":
                patch.setattr("tfvma.export.build_model", lambda *given, **options: learned_model())
            model = randomized(learned_model() if name == "learned" else build_model(config))
            home = export_saved_model(model, config, folder, name=name).parent
        found[name] = Exported(model, home, load_servable(home))
    return found


@pytest.fixture(scope="module")
def outsider(exported, tmp_path_factory) -> dict[str, np.ndarray]:
    folder = tmp_path_factory.mktemp("outsider")
    np.savez(folder / "inputs.npz", drawings=drawings(40))
    run_without_tfvma(
        OUTSIDER,
        json.dumps({name: str(exported[name].home) for name in NAMES}),
        folder / "inputs.npz",
        folder / "outputs.npz",
        json.dumps(SEED),
        json.dumps(SIZES),
        folder=folder,
    )
    return dict(np.load(folder / "outputs.npz"))


def memory_for(name: str, count: int) -> np.ndarray | None:
    return drawings(40)[-count:] if name == "soft_attention" else None


# What each is.


@names
def test_the_signatures_tell_the_kind(exported, name):
    one = exported[name]
    expected = EXPECTED_KIND[name]
    assert one.servable.kind == read_kind(one.home / "1") == kind_of(one.model) == expected
    assert one.servable.takes_memory == one.model.takes_memory
    found = tf.saved_model.load(str(one.home / "1")).signatures
    assert set(found) == {*expected.signatures, "serving_default"}


def test_a_kind_is_told_by_names_and_inputs():
    for kind in KINDS:
        assert kind_with({**kind.signatures, "serving_default": ("x",), "more": ()}) == kind
        for name in kind.signatures:
            fewer = {key: value for key, value in kind.signatures.items() if key != name}
            assert kind_with(fewer) is None
            assert kind_with({**kind.signatures, name: ("other",)}) is None
    assert kind_with({}) is None


@names
def test_inputs_and_outputs_have_free_lengths(exported, name):
    one = exported[name]
    images, count, seed = [None, SIZE, SIZE, 1], [], [2]
    latents, entries = [None, LATENT_DIM], [None, ENTRY]
    inputs = {
        "x": images,
        "memory": images,
        "entry": entries,
        "z": latents,
        "index": [None],
        "count": count,
        "num_samples": count,
        "seed": seed,
        "memory_label": [None],
        "ways": count,
    }
    outputs = {
        "entry": entries,
        "log_posterior": [None, SLOTS],
        "log_prior": [SLOTS],
        "loc": latents,
        "scale": latents,
        "logits": images,
        "probabilities": [None, None],
    }
    found = tf.saved_model.load(str(one.home / "1")).signatures
    for signature, keys in EXPECTED_KIND[name].signatures.items():
        given = found[signature].structured_input_signature[1]
        assert {key: spec.shape.as_list() for key, spec in given.items()} == {
            key: inputs[key] for key in keys
        }
        if signature in ("score", "generate", "reconstruct"):
            continue
        for key, spec in found[signature].structured_outputs.items():
            assert spec.shape.as_list() == outputs[key], (signature, key)


@names
def test_every_weight_is_there_once_and_nothing_else(exported, name):
    one = exported[name]
    variables = dict(tf.train.list_variables(str(one.home / "1" / "variables" / "variables")))
    del variables["_CHECKPOINTABLE_OBJECT_GRAPH"]
    weights = [tuple(weight.shape) for weight in one.model.weights]
    assert sorted(map(tuple, variables.values())) == sorted(weights)


@names
def test_weights_come_back_into_a_model_that_trains(exported, name):
    one = exported[name]
    fresh = learned_model() if name == "learned" else build_model(tiny_config(name))
    restore_weights(fresh, one.home)
    for found, expected in zip(fresh.weights, one.model.weights, strict=True):
        np.testing.assert_array_equal(found, expected)
    fresh.compile(keras.optimizers.Adam(1e-3), run_eagerly=True)
    episode = {"x": drawings(3), **({"memory": drawings(4)} if fresh.takes_memory else {})}
    fresh.fit(tf.data.Dataset.from_tensors(episode), verbose=0)


def test_weights_of_another_kind_are_refused(exported):
    model = build_model(tiny_config("vae"))
    with pytest.raises(CheckpointError, match="expected the architecture of the model, but"):
        restore_weights(model, exported["soft_attention"].home)


# What it computes.


@sizes
@names
def test_score_is_that_of_the_model(exported, name, size):
    one = exported[name]
    batch, memory_size, num_samples = SIZES[size]
    given = (drawings(batch), memory_for(name, memory_size), num_samples, SEED)
    expected, found = one.model.score(*given), one.servable.score(*given)
    assert found.keys() == expected.keys()
    assert ("kl_address" in found) == (name == "learned")
    for key, value in expected.items():
        np.testing.assert_allclose(found[key], value, rtol=1e-6, atol=1e-6, err_msg=key)


@sizes
@names
def test_score_is_what_an_outsider_computes_from_the_primitives(outsider, name, size):
    prefix = f"{name} {size} ours "
    ours = {key.removeprefix(prefix): outsider[key] for key in outsider if key.startswith(prefix)}
    assert len(ours) == (4 if name == "learned" else 3)
    for key, value in ours.items():
        theirs = outsider[f"{name} {size} theirs {key}"]
        assert value.shape == (SIZES[size][0],)
        assert theirs.dtype == np.float64
        np.testing.assert_allclose(value, theirs, rtol=1e-5, atol=1e-5, err_msg=key)
        assert np.abs(theirs).min() > 1e-3


CALLS: dict[str, Callable] = {
    "generate": lambda s, memory: s.generate(memory, 9, SEED),
    "reconstruct": lambda s, memory: s.reconstruct(drawings(4), memory, 3, SEED),
    "latent_prior": lambda s, memory: s.latent_prior(3),
    "latent_posterior": lambda s, memory: s.latent_posterior(drawings(4)),
    "decode": lambda s, memory: s.decode(
        tf.ones([4, LATENT_DIM]), *([] if memory is None else [memory])
    ),
    "entry_at": lambda s, memory: s.entry_at([4, 0, 0]),
    "address": lambda s, memory: s.address(drawings(4)),
    "classify": lambda s, memory: s.classify(drawings(4), None, [0, 1, 2, 1, 0], 3),
}
LATENT_CALLS = ("generate", "reconstruct", "latent_prior", "latent_posterior", "decode")
LEARNED_CALLS = ("generate", "reconstruct", "entry_at", "address", "classify")


@pytest.mark.parametrize(
    ("name", "call"),
    [
        *(("learned", call) for call in LEARNED_CALLS),
        *((name, call) for name in ("soft_attention", "vae") for call in LATENT_CALLS),
    ],
)
def test_every_function_is_that_of_the_model(exported, name, call):
    one, memory = exported[name], memory_for(name, 5)
    expected, found = CALLS[call](one.model, memory), CALLS[call](one.servable, memory)
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        np.testing.assert_allclose(found[key], value, rtol=1e-6, atol=1e-6, err_msg=key)


def test_functions_of_an_entry_take_what_memory_gives(exported):
    one = exported["learned"]
    entry = one.servable.entry_at([3, 1])["entry"]
    np.testing.assert_array_equal(entry, np.asarray(one.model.memory.slots)[[3, 1]])
    for call in (
        lambda s: s.latent_prior(entry),
        lambda s: s.latent_posterior(drawings(2), entry),
        lambda s: s.decode(tf.ones([2, LATENT_DIM]), entry),
    ):
        expected, found = call(one.model), call(one.servable)
        for key, value in expected.items():
            np.testing.assert_allclose(found[key], value, rtol=1e-6, atol=1e-6)


# What it cannot work with: the model and the SavedModel say the same.

BAD_CALLS: dict[tuple[str, str], Callable] = {
    ("vae", "memory of ndarray: expected None"): lambda s: s.score(
        drawings(2), drawings(3), 2, SEED
    ),
    ("vae", "count=0: expected at least 1"): lambda s: s.latent_prior(0),
    ("vae", r"z of shape \[2, 3\]: expected float32 \[any, 2\]"): lambda s: s.decode(
        tf.zeros([2, 3])
    ),
    ("soft_attention", "memory of NoneType: expected float32"): lambda s: s.generate(None, 2, SEED),
    ("soft_attention", "memory of length 0: expected at least one"): lambda s: s.decode(
        tf.zeros([2, LATENT_DIM]), drawings(3)[:0]
    ),
    ("soft_attention", r"x with values in \[0.0, 255.0\]"): lambda s: s.latent_posterior(
        255 * drawings(2)
    ),
    ("learned", r"memory of .*: expected None"): lambda s: s.score(
        drawings(2), drawings(3), 2, SEED
    ),
    ("learned", r"index of \[5\]: expected indices in 0..4"): lambda s: s.entry_at([5]),
    ("learned", r"entry of shape \[2, 6\]: expected float32 \[any, 7\]"): lambda s: s.latent_prior(
        tf.zeros([2, 6])
    ),
    ("learned", r"z and entry of lengths \[2, 3\]: expected equal"): lambda s: s.decode(
        tf.zeros([2, LATENT_DIM]), tf.zeros([3, ENTRY])
    ),
    ("learned", r"memory_label and memory of lengths \[2, 5\]"): lambda s: s.classify(
        drawings(2), None, [0, 1], 2
    ),
}


@pytest.mark.parametrize("of", ["model", "servable"])
@pytest.mark.parametrize(("name", "message"), BAD_CALLS)
def test_bad_calls(exported, name, message, of):
    with pytest.raises(InvalidArgumentError, match=message):
        BAD_CALLS[name, message](getattr(exported[name], of))


def test_an_index_that_is_no_slot_is_an_error_for_clients_too(exported):
    memory = tf.saved_model.load(str(exported["learned"].home / "1")).signatures["memory"]
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"expected indices in 0..4"):
        memory(index=tf.constant([0, 5]))


@pytest.mark.parametrize("seed", [[1], [1, 2, 3], 1])
@pytest.mark.parametrize("kind", ["learned", "vae"])
def test_a_seed_of_another_shape_is_an_error_for_clients_too(exported, kind, seed):
    generate = tf.saved_model.load(str(exported[kind].home / "1")).signatures["generate"]
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"seed .* expected shape \[2\]"):
        generate(num_samples=tf.constant(2), seed=tf.constant(seed))


@pytest.mark.parametrize("length", [4, 6])
def test_labels_of_another_length_are_an_error_for_clients_too(exported, length):
    classify = tf.saved_model.load(str(exported["learned"].home / "1")).signatures["classify"]
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        classify(
            x=tf.constant(drawings(2)),
            memory_label=tf.zeros([length], tf.int32),
            ways=tf.constant(2),
        )
    assert f"[{length}] is not compatible with expected shape [5]" in str(error.value)
    assert "memory_label_as_long_as_memory" in str(error.value)
