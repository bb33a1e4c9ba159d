"""What the models without an address have in common: bound, step, use, saving."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvma.models.streamed_bound
from tests.models.tiny_latent import (
    FAMILIES,
    LATENT_DIM,
    NUM_SAMPLES,
    SIZE,
    TARGETS,
    dataset,
    decode,
    episode,
    images,
    memory_for,
    tiny_model,
)
from tfvma import bounds
from tfvma.errors import InvalidArgumentError
from tfvma.layers.gaussian_head import GaussianHead
from tfvma.models.latent_model import LatentModel
from tfvma.sampling import sample_normal

SEED = tf.constant([1, 2], tf.int32)
families = pytest.mark.parametrize("family", FAMILIES)


def log_normal(z, loc, scale):
    density = -0.5 * ((z - loc) / scale) ** 2 - np.log(scale) - 0.5 * np.log(2 * np.pi)
    return density.sum(axis=-1)


def log_bernoulli(x, logits):
    return np.sum(np.float64(x) * logits - np.logaddexp(0.0, logits), axis=(-3, -2, -1))


def kl_to_standard_normal(loc, scale):
    return np.sum(0.5 * (loc**2 + scale**2 - 1.0) - np.log(scale), axis=-1)


def posterior(model: LatentModel, x) -> tuple[np.ndarray, np.ndarray]:
    q = model.latent_posterior(x)
    return np.float64(q["loc"]), np.float64(q["scale"])


def by_hand(model: LatentModel, x, memory, z) -> dict[str, np.ndarray]:
    """Everything about the samples z [K, B, D] in float64."""
    loc, scale = posterior(model, x)
    logits = decode(model, z.reshape(-1, LATENT_DIM), memory).reshape(*z.shape[:2], SIZE, SIZE, 1)
    log_pz = log_normal(z, np.zeros(1), np.ones(1))
    log_px, log_qz = log_bernoulli(x, logits), log_normal(z, loc, scale)
    log_weights = log_px + log_pz - log_qz
    weights = np.exp(log_weights - np.logaddexp.reduce(log_weights))
    return {
        "log_pz": log_pz,
        "log_px": log_px,
        "log_qz": log_qz,
        "iw_bound": np.logaddexp.reduce(log_weights) - np.log(len(z)),
        "ess": 1.0 / np.sum(weights**2, axis=0),
        "kl_z": kl_to_standard_normal(loc, scale),
    }


def noise_of(model: LatentModel, x, num_samples: int, seed) -> np.ndarray:
    loc, scale = (tf.constant(part, tf.float32) for part in posterior(model, x))
    shape = [num_samples, *loc.shape]
    return np.float64(sample_normal(tf.broadcast_to(loc, shape), scale, seed))


def fit_once(model: LatentModel, *episodes, **options) -> dict[str, float]:
    jit_compile = options.setdefault("jit_compile", False)
    options = {"optimizer": keras.optimizers.SGD(0.01), "run_eagerly": not jit_compile, **options}
    model.compile(**options)
    history = model.fit(dataset(*(episodes or [episode()])), verbose=0)
    return {name: values[0] for name, values in history.history.items()}


def evaluate(model: LatentModel, *episodes) -> dict[str, float]:
    if not model.compiled:
        model.compile(jit_compile=False, run_eagerly=True)
    return model.evaluate(dataset(*(episodes or [episode()])), verbose=0, return_dict=True)


def rewind(model: LatentModel) -> None:
    """Makes the model draw the same samples as after its construction."""
    model.seed_generator.state.assign(keras.random.SeedGenerator(model.seed).state)


def next_seed(model: LatentModel) -> tf.Tensor:
    """The seed of the next step, which stays to be drawn."""
    seed = tf.cast(model.seed_generator.next(), tf.int32)
    rewind(model)
    return seed


# Densities and the bound.


@families
@pytest.mark.parametrize("num_samples", [1, 5])
def test_densities_and_bound_against_float64(family, num_samples):
    model, x = tiny_model(family), images(TARGETS, 0)
    memory = memory_for(model)
    inference = model.infer(x, memory, num_samples, SEED)
    expected = by_hand(model, x, memory, noise_of(model, x, num_samples, SEED))
    for name in ("log_pz", "log_px", "log_qz"):
        found = getattr(inference.densities, name)
        assert found.shape == (num_samples, TARGETS)
        np.testing.assert_allclose(found, expected[name], rtol=1e-4, atol=1e-4, err_msg=name)
    np.testing.assert_allclose(inference.kl_z, expected["kl_z"], rtol=1e-4)
    bound = bounds.iw_bound(bounds.latent_log_weights(*inference.densities))
    np.testing.assert_allclose(bound, expected["iw_bound"], rtol=1e-4)


@families
def test_metrics_are_those_of_the_bound(family):
    model, e = tiny_model(family, l2=0.1), episode()
    memory = e["memory"] if model.takes_memory else None
    z = noise_of(model, e["x"], NUM_SAMPLES, next_seed(model))
    expected = by_hand(model, e["x"], memory, z)
    norm = sum(np.sum(np.float64(w) ** 2) for w in model.trainable_weights)
    logs = evaluate(model, e)
    assert logs == pytest.approx(
        {
            "loss": np.mean(-expected["iw_bound"]) + 0.05 * norm,
            "iw_bound": np.mean(expected["iw_bound"]),
            "reconstruction": np.mean(expected["log_px"]),
            "kl_z": np.mean(expected["kl_z"]),
            "ess": np.mean(expected["ess"]),
        },
        rel=1e-4,
    )
    rewind(model)
    # The step is large: what follows it must not leak into the metrics of before it.
    assert fit_once(model, e, optimizer=keras.optimizers.SGD(0.5)) == pytest.approx(logs, rel=1e-5)


@families
def test_metrics_are_means_over_the_epoch(family):
    model, episodes = tiny_model(family), [episode(seed) for seed in range(3)]
    together = evaluate(model, *episodes)
    rewind(model)
    alone = [evaluate(model, e) for e in episodes]
    for name, value in together.items():
        assert value == pytest.approx(np.mean([logs[name] for logs in alone]), rel=1e-5)


@families
def test_calling_the_model_gives_the_bound_of_each_target(family):
    model, e = tiny_model(family), episode()
    bound = model(e)
    assert bound.shape == model.compute_output_shape({"x": e["x"].shape}) == (TARGETS,)
    rewind(model)
    np.testing.assert_allclose(tf.reduce_mean(bound), evaluate(model, e)["iw_bound"], rtol=1e-5)


@families
def test_predict_gives_the_terms_of_every_target(family):
    model, episodes = tiny_model(family), [episode(), episode(1)]
    means = evaluate(model, *episodes)
    rewind(model)
    predicted = model.predict(dataset(*episodes), verbose=0)
    names = {
        "log_likelihood": "iw_bound",
        "kl_latent": "kl_z",
        "reconstruction": "reconstruction",
    }
    assert set(predicted) == set(names)
    for key, name in names.items():
        assert predicted[key].shape == (2 * TARGETS,)
        assert np.mean(predicted[key]) == pytest.approx(means[name], rel=1e-4)


# Training.


@families
@pytest.mark.parametrize("latent_warmup", [0, 100])
def test_a_step_goes_along_the_weighted_gradients_of_the_samples(family, latent_warmup):
    """d L_K = sum_k w_k d l_k, with the weights as constants (Burda et al. 2015)."""
    model, e = tiny_model(family), episode()
    memory = e["memory"] if model.takes_memory else None
    warmth = 0.1 if latent_warmup else 1.0
    with tf.GradientTape() as tape:
        log_pz, log_px, log_qz = model.infer(e["x"], memory, NUM_SAMPLES, next_seed(model))[0]
        log_weights = log_px + warmth * (log_pz - log_qz)
        weights = tf.stop_gradient(tf.nn.softmax(log_weights, axis=0))
        total = tf.reduce_sum(weights * log_weights) / TARGETS
    gradients = tape.gradient(total, [weight.value for weight in model.trainable_weights])
    expected = [
        w.numpy() + 0.1 * g for w, g in zip(model.trainable_weights, gradients, strict=True)
    ]
    fit_once(model, e, optimizer=keras.optimizers.SGD(0.1), latent_warmup=latent_warmup)
    for weight, value in zip(model.trainable_weights, expected, strict=True):
        np.testing.assert_allclose(weight, value, rtol=1e-4, atol=1e-5, err_msg=weight.path)


@families
def test_every_weight_moves(family):
    model = tiny_model(family)
    before = {weight.path: weight.numpy() for weight in model.trainable_weights}
    fit_once(model, *(episode(seed) for seed in range(4)), optimizer="adam")
    unmoved = [w.path for w in model.trainable_weights if np.array_equal(w, before[w.path])]
    assert unmoved == []


@families
def test_training_raises_the_bound(family):
    model, e = tiny_model(family), episode()
    before = evaluate(model, e)["iw_bound"]
    model.compile(keras.optimizers.Adam(0.01), jit_compile=False)
    model.fit(dataset(e).repeat(60), verbose=0)
    assert evaluate(model, e)["iw_bound"] > before + 5.0


@families
def test_the_seed_decides(family):
    same, again, other = (tiny_model(family, seed=seed) for seed in (3, 3, 4))
    logs = [fit_once(model, episode(), episode(1)) for model in (same, again, other)]
    assert logs[0] == logs[1]
    assert logs[0]["loss"] != logs[2]["loss"]


@families
def test_xla_takes_the_same_step(family):
    plain, compiled = tiny_model(family), tiny_model(family)
    logs = fit_once(plain)
    assert fit_once(compiled, jit_compile=True) == pytest.approx(logs, rel=1e-4, abs=1e-4)
    for one, other in zip(compiled.trainable_weights, plain.trainable_weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5, err_msg=one.path)


@families
def test_mixed_precision_is_close_to_float32(family):
    full, mixed = tiny_model(family), tiny_model(family, "mixed_bfloat16")
    mixed.set_weights(full.get_weights())
    inference = mixed.infer(images(TARGETS, 0), memory_for(mixed), NUM_SAMPLES, SEED)
    assert {part.dtype for part in tf.nest.flatten(inference)} == {tf.float32}
    assert evaluate(mixed) == pytest.approx(evaluate(full), rel=0.05, abs=0.05)
    assert np.isfinite(list(fit_once(mixed).values())).all()


# Use.


def fold_in(seed, number):
    return tf.random.experimental.stateless_fold_in(tf.constant(seed), number, alg="philox")


def standard_normal(shape, seed) -> np.ndarray:
    """The noise that tfvma/models/latent_streaming.py promises."""
    bits = tf.random.stateless_uniform(
        shape, seed, minval=None, maxval=None, dtype=tf.uint32, alg="philox"
    )
    return np.float64(tf.math.ndtri(((bits.numpy() >> 9) + 0.5) / 2.0**23))


@families
@pytest.mark.parametrize(("num_samples", "at_once"), [(1, 512), (6, 512), (7, 3 * TARGETS), (3, 1)])
def test_the_primitives_recompute_score(family, num_samples, at_once, monkeypatch):
    monkeypatch.setattr(tfvma.models.streamed_bound, "DECODED_AT_ONCE", at_once)
    model, x = tiny_model(family), images(TARGETS, 0)
    memory = memory_for(model)
    found = model.score(x, memory, num_samples, [5, 6])

    loc, scale = posterior(model, x)
    shape = [TARGETS, LATENT_DIM]
    noise = [standard_normal(shape, fold_in([5, 6], k + 1)) for k in range(num_samples)]
    z = loc + scale * np.stack(noise)
    expected = by_hand(model, x, memory, z)
    assert set(found) == {"log_likelihood", "kl_latent", "reconstruction"}
    np.testing.assert_allclose(found["log_likelihood"], expected["iw_bound"], rtol=1e-4)
    np.testing.assert_allclose(found["kl_latent"], expected["kl_z"], rtol=1e-4)
    np.testing.assert_allclose(found["reconstruction"], expected["log_px"].mean(0), rtol=1e-4)


@families
def test_score_of_free_shapes_is_the_same(family):
    """As in a SavedModel, where batch, memory and sample counts are free."""
    model, x = tiny_model(family), images(TARGETS, 0)
    memory = memory_for(model)
    inputs = [x] if memory is None else [x, memory]

    @tf.function(input_signature=[tf.TensorSpec([None, SIZE, SIZE, 1])] * len(inputs))
    def score(x, memory=None):
        return model.score(x, memory, 6, SEED)

    found = score(*inputs)
    for name, value in model.score(x, memory, 6, SEED).items():
        np.testing.assert_allclose(found[name], value, rtol=1e-4, err_msg=name)


@families
def test_a_single_target_is_scored_in_a_graph_too(family):
    """Where their number is known when the graph is made."""
    model, x = tiny_model(family), images(1, 0)
    memory = memory_for(model)
    found = tf.function(model.score)(x, memory, tf.constant(6), tf.constant(SEED))
    for name, value in model.score(x, memory, 6, SEED).items():
        assert found[name].shape == [1]
        np.testing.assert_allclose(found[name], value, rtol=1e-4, err_msg=name)


@families
def test_generate_decodes_samples_of_the_prior(family):
    model = tiny_model(family)
    memory = memory_for(model)
    prior = model.latent_prior(3)
    np.testing.assert_array_equal(prior["loc"], np.zeros([3, LATENT_DIM]))
    np.testing.assert_array_equal(prior["scale"], np.ones([3, LATENT_DIM]))
    expected = decode(model, standard_normal([3, LATENT_DIM], SEED), memory)
    found = model.generate(memory, 3, SEED)["images"]
    np.testing.assert_allclose(found, 1.0 / (1.0 + np.exp(-expected)), rtol=1e-4)


@families
def test_reconstruct_decodes_samples_of_the_posterior(family):
    model, x = tiny_model(family), images(TARGETS, 0)
    memory = memory_for(model)
    z = noise_of(model, x, 2, SEED).reshape(-1, LATENT_DIM)
    expected = decode(model, z, memory).reshape(2, TARGETS, SIZE, SIZE, 1)
    found = model.reconstruct(x, memory, 2, SEED)["images"]
    np.testing.assert_allclose(found, 1.0 / (1.0 + np.exp(-expected)), rtol=1e-4)


@families
@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda m: m.score(images(1, 0), memory_for(m), 0, SEED), "num_samples=0: expected"),
        (lambda m: m.score(images(1, 0), memory_for(m), 1, [1]), r"seed of shape \[1\]"),
        (lambda m: m.latent_posterior(tf.zeros([1, 5, 5, 1])), r"x of shape \[1, 5, 5, 1\]"),
        (lambda m: m.latent_prior(0), "count=0: expected at least 1"),
        (lambda m: decode(m, [[1.0]], memory_for(m)), r"z of shape \[1, 1\]"),
    ],
)
def test_bad_arguments_are_named(family, use, message):
    with pytest.raises(InvalidArgumentError, match=message):
        use(tiny_model(family))


# Saving.


@families
def test_keras_file_round_trip(family, tmp_path: Path):
    model = tiny_model(family, l2=0.1, seed=5)
    fit_once(model, latent_warmup=7)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert type(again) is type(model)
    assert (again.num_samples, again.l2, again.seed) == (NUM_SAMPLES, 0.1, 5)
    assert (again.latent_warmup, again.optimizer.iterations) == (7, 1)
    x, memory = images(TARGETS, 0), memory_for(model)
    for name, value in model.score(x, memory, 4, SEED).items():
        np.testing.assert_allclose(again.score(x, memory, 4, SEED)[name], value, rtol=1e-6)


@families
def test_config_round_trip(family):
    model = tiny_model(family)
    config = model.get_config()
    again = type(model).from_config(config)
    assert again.get_config() == config
    assert [w.shape for w in again.weights] == [w.shape for w in model.weights]


@families
def test_images_that_the_decoder_does_not_make_are_refused(family):
    model = tiny_model(family)
    config = {**model.get_config(), "image_shape": (SIZE, SIZE, 3)}
    with pytest.raises(
        InvalidArgumentError,
        match=r"image_shape=\(6, 6, 3\): expected \(6, 6, 1\), the shape of the logits of",
    ):
        type(model).from_config(config)


@families
def test_one_size_of_z_in_all_layers(family):
    model = tiny_model(family)
    head = GaussianHead(LATENT_DIM + 1, hidden_units=3)
    config = {**model.get_config(), "posterior_head": keras.saving.serialize_keras_object(head)}
    message = f"posterior_head.latent_dim={LATENT_DIM + 1}, decoder.latent_dim={LATENT_DIM}: expect"
    with pytest.raises(InvalidArgumentError, match=message):
        type(model).from_config(config)


@families
def test_weights_round_trip(family, tmp_path: Path):
    model = tiny_model(family)
    fit_once(model)
    model.save_weights(tmp_path / "w.weights.h5")
    again = tiny_model(family)
    again.load_weights(tmp_path / "w.weights.h5")
    for one, other in zip(again.weights, model.weights, strict=True):
        np.testing.assert_array_equal(one, other)
