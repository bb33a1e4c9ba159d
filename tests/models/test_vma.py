"""The model: its densities, its training step, its metrics, and that it saves and reloads."""

from __future__ import annotations

import itertools
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvma.estimators.estimator
import tfvma.models.inference
from tfvma import bounds
from tfvma.config import Config, ModelConfig, TrainingConfig
from tfvma.errors import InvalidArgumentError
from tfvma.estimators import Vimco
from tfvma.layers.addressing import Addressing
from tfvma.layers.conv_decoder import ConvDecoder
from tfvma.layers.conv_posterior import ConvPosterior
from tfvma.layers.conv_pyramid import ConvEmbedding, ConvPyramid
from tfvma.layers.gaussian_head import GaussianHead
from tfvma.layers.memory import EpisodicMemory, LearnedMemory
from tfvma.layers.mlp_decoder import MLPDecoder
from tfvma.layers.mlp_encoder import MLPEmbedding, MLPEncoder
from tfvma.layers.mlp_posterior import MLPPosterior
from tfvma.models.build import build_model
from tfvma.models.vma import METRICS, VariationalMemoryAddressing
from tfvma.sampling import sample_normal

SIZE = 6
FILTERS = (4, 6)
LATENT_DIM = 2
TARGETS = 4
SLOTS = 6
NUM_SAMPLES = 2
SEEDS = (tf.constant([1, 2], tf.int32), tf.constant([3, 4], tf.int32))


def tiny_model(
    entry_encoder: keras.layers.Layer | None = None, **options
) -> VariationalMemoryAddressing:
    """The convolutional few-shot model, as small as it gets; equal weights at every call."""
    keras.utils.set_random_seed(1)
    return VariationalMemoryAddressing(
        memory=EpisodicMemory(name="memory"),
        addressing=Addressing(
            ConvEmbedding(3, FILTERS, hidden_units=5, name="key_embedding"),
            ConvEmbedding(3, FILTERS, hidden_units=5, name="query_embedding"),
            name="addressing",
        ),
        entry_encoder=entry_encoder or ConvPyramid(FILTERS, name="pyramid"),
        prior_head=GaussianHead(LATENT_DIM, 5, name="prior"),
        posterior=ConvPosterior(LATENT_DIM, FILTERS, hidden_units=5, name="posterior"),
        decoder=ConvDecoder(SIZE, LATENT_DIM, FILTERS, hidden_units=5, name="decoder"),
        image_shape=(SIZE, SIZE, 1),
        **{"num_samples": NUM_SAMPLES, "name": "tiny", **options},
    )


def dense_model(memory: keras.layers.Layer, **options) -> VariationalMemoryAddressing:
    """The MNIST model in small; equal weights at every call."""
    keras.utils.set_random_seed(1)
    return VariationalMemoryAddressing(
        memory=memory,
        addressing=Addressing(
            MLPEmbedding(3, (6, 5), name="key_embedding"),
            MLPEmbedding(3, (6, 5), name="query_embedding"),
            name="addressing",
        ),
        entry_encoder=MLPEncoder((6,), name="encoder"),
        prior_head=GaussianHead(LATENT_DIM, 5, name="prior"),
        posterior=MLPPosterior(LATENT_DIM, (6, 5), name="posterior"),
        decoder=MLPDecoder(SIZE, LATENT_DIM, (5, 6), name="decoder"),
        image_shape=(SIZE, SIZE, 1),
        **{"num_samples": NUM_SAMPLES, "name": "dense", **options},
    )


def learned_model(memory_size: int = 3, **options) -> VariationalMemoryAddressing:
    """The same with a learned memory of vectors."""
    return dense_model(LearnedMemory(memory_size, (7,), name="memory"), **options)


def images(count: int, seed: int) -> tf.Tensor:
    random = np.random.default_rng(seed)
    return tf.constant(random.integers(0, 2, size=(count, SIZE, SIZE, 1)), tf.float32)


def episode(seed: int = 0, slots: int = SLOTS) -> dict[str, tf.Tensor]:
    return {"x": images(TARGETS, seed), "memory": images(slots, seed + 100)}


def dataset(*episodes: dict[str, tf.Tensor]) -> tf.data.Dataset:
    elements = {key: tf.stack([e[key] for e in episodes]) for key in episodes[0]}
    return tf.data.Dataset.from_tensor_slices(elements)


def fit_once(model: VariationalMemoryAddressing, *episodes, **options) -> dict[str, float]:
    """One epoch by plain gradient descent; its logs. Small steps are faster untraced."""
    jit_compile = options.setdefault("jit_compile", False)
    options = {"optimizer": keras.optimizers.SGD(0.01), "run_eagerly": not jit_compile, **options}
    model.compile(**options)
    history = model.fit(dataset(*(episodes or [episode()])), verbose=0)
    return {name: values[0] for name, values in history.history.items()}


def weights_of(model: keras.Model) -> dict[str, np.ndarray]:
    return {weight.path: weight.numpy() for weight in model.trainable_weights}


def assert_same_weights(one: keras.Model, other: keras.Model, **tolerance) -> None:
    for weight, expected in zip(one.trainable_weights, other.trainable_weights, strict=True):
        np.testing.assert_allclose(
            weight.numpy(),
            expected.numpy(),
            err_msg=expected.path,
            **{"rtol": 1e-5, **tolerance},
        )


def rewind(model: VariationalMemoryAddressing) -> None:
    """Makes the model draw the same samples as after its construction."""
    fresh = keras.random.SeedGenerator(model.seed)
    model.seed_generator.state.assign(fresh.state)


# Densities.


def test_every_density_is_what_the_primitives_say():
    model, e = tiny_model(), episode()
    inference = model.infer(e["x"], e["memory"], 5, SEEDS)

    address = inference.proposal.address.numpy()
    assert address.shape == (5, TARGETS)
    table = model.address(e["x"], e["memory"])
    rows = np.arange(TARGETS)
    entry = tf.gather(e["memory"], address.reshape(-1))
    x = tf.tile(e["x"], [5, 1, 1, 1])
    q, p = model.latent_posterior(x, entry), model.latent_prior(entry)
    shape = (5, TARGETS, LATENT_DIM)
    q_loc, q_scale, p_loc, p_scale = (
        np.float64(part).reshape(shape) for part in (q["loc"], q["scale"], p["loc"], p["scale"])
    )
    z = sample_normal(tf.constant(q_loc, tf.float32), tf.constant(q_scale, tf.float32), SEEDS[1])
    logits = np.float64(model.decode(tf.reshape(z, [-1, LATENT_DIM]), entry)["logits"])
    z = np.float64(z)

    def log_normal(loc, scale):
        density = -0.5 * ((z - loc) / scale) ** 2 - np.log(scale) - 0.5 * np.log(2 * np.pi)
        return density.sum(axis=-1)

    pixels = np.float64(x) * logits - np.log1p(np.exp(logits))
    expected = {
        "log_pa": table["log_prior"].numpy()[address],
        "log_pz": log_normal(p_loc, p_scale),
        "log_px": pixels.sum(axis=(1, 2, 3)).reshape(5, TARGETS),
        "log_qa": table["log_posterior"].numpy()[rows, address],
        "log_qz": log_normal(q_loc, q_scale),
    }
    for name, value in expected.items():
        found = getattr(inference.densities, name)
        np.testing.assert_allclose(found, value, rtol=1e-4, atol=1e-4, err_msg=name)

    kl_z = np.log(p_scale / q_scale) + (q_scale**2 + (q_loc - p_loc) ** 2) / (2 * p_scale**2) - 0.5
    np.testing.assert_allclose(inference.kl_z, kl_z.sum(axis=-1).mean(axis=0), rtol=1e-4)
    log_q, log_p = np.float64(table["log_posterior"]), np.float64(table["log_prior"])
    kl_a = np.sum(np.exp(log_q) * (log_q - log_p), axis=1)
    np.testing.assert_allclose(inference.kl_a, kl_a, rtol=1e-4, atol=1e-6)


def test_calling_the_model_gives_the_bound_of_each_target():
    model, e = tiny_model(), episode()
    bound = model(e)
    assert bound.shape == model.compute_output_shape({"x": e["x"].shape}) == (TARGETS,)
    rewind(model)
    np.testing.assert_allclose(tf.reduce_mean(bound), evaluate(model, e)["iw_bound"], rtol=1e-5)


def test_one_slot_leaves_no_address_to_pay_for():
    model, e = tiny_model(), episode(slots=1)
    inference = model.infer(e["x"], e["memory"], 2, SEEDS)
    np.testing.assert_array_equal(inference.kl_a, np.zeros(TARGETS))
    np.testing.assert_array_equal(inference.densities.log_qa, np.zeros((2, TARGETS)))
    assert np.isfinite(list(fit_once(model, e).values())).all()


# What depends on an entry alone.


class Spy(ConvPyramid):
    """A pyramid that remembers how many entries it was given."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.sizes = []

    def call(self, images):
        self.sizes.append(images.shape[0])
        return super().call(images)


@pytest.mark.parametrize(
    ("slots", "encoded"),
    [(3, 3), (SLOTS, SLOTS), (NUM_SAMPLES * TARGETS, NUM_SAMPLES * TARGETS), (100, 16)],
)
def test_entries_are_encoded_once_per_slot_or_distinct_address(slots, encoded):
    """At most K * B = 8 of 100 slots are drawn, and rows come in multiples of 16."""
    spy = Spy(FILTERS)
    model = tiny_model(entry_encoder=spy)
    model.compile(jit_compile=False)
    spy.sizes.clear()
    model.train_step(episode(slots=slots))
    assert spy.sizes == [encoded]


def test_encoding_the_distinct_entries_changes_no_number(monkeypatch):
    model, e = tiny_model(), episode(slots=40)
    model.compile(jit_compile=False)
    few = model.infer(e["x"], e["memory"], NUM_SAMPLES, SEEDS)
    monkeypatch.setattr(
        tfvma.models.vma, "distinct_entries", lambda entries, address, compiled: (entries, address)
    )
    all_of_them = model.infer(e["x"], e["memory"], NUM_SAMPLES, SEEDS)
    for one, other in zip(tf.nest.flatten(few), tf.nest.flatten(all_of_them), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("slices", [2, 3, 4])
def test_slices_and_shared_pairs_change_no_number(slices):
    """Bound and gradients of a step, against every sample computed by itself in one piece."""
    results = []
    for options in ({"jit_compile": True}, {"jit_compile": False, "slices": slices}):
        model, e = tiny_model(), episode()
        model.compile(**options)
        with tf.GradientTape() as tape:
            densities = model.infer(e["x"], e["memory"], 3, SEEDS).densities
            loss = tf.reduce_mean(Vimco().surrogate(densities))
        results.append([*densities, *tape.gradient(loss, model.trainable_variables)])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


# The gradient.


def test_gradient_through_the_layers_against_enumeration(monkeypatch):
    """As in tests/estimators/test_vimco.py, with the real layers, in their float32."""
    slots, num_samples = 2, 2
    model = tiny_model()
    model.addressing.prior_query.assign([0.5, -1.0, 2.0])
    e = {"x": images(1, 0), "memory": images(slots, 100)}
    noise = tf.constant(
        np.random.default_rng(5).normal(size=(num_samples, slots, LATENT_DIM)), tf.float32
    )

    exact, estimate = [], []
    with tf.GradientTape(persistent=True) as tape:
        expected_bound, expected_surrogate = 0.0, 0.0
        for addresses in itertools.product(range(slots), repeat=num_samples):
            fixed = tf.constant(addresses, tf.int32)[:, tf.newaxis]
            z_noise = tf.stack([noise[k, a] for k, a in enumerate(addresses)])[:, tf.newaxis]
            monkeypatch.setattr(
                tfvma.estimators.estimator, "sample_address", lambda *_, fixed=fixed: fixed
            )
            monkeypatch.setattr(
                tfvma.models.inference,
                "standard_normal",
                lambda shape, seed, z_noise=z_noise: z_noise,
            )
            densities = model.infer(e["x"], e["memory"], num_samples, SEEDS).densities
            probability = tf.exp(tf.reduce_sum(densities.log_qa))
            bound = bounds.iw_bound(bounds.log_weights(*densities))[0]
            surrogate = Vimco().surrogate(densities)[0]
            expected_bound += probability * bound
            expected_surrogate += tf.stop_gradient(probability) * surrogate
    weights = [weight.value for weight in model.trainable_weights]
    exact = tape.gradient(expected_bound, weights)
    estimate = tape.gradient(expected_surrogate, weights)
    for weight, one, other in zip(model.trainable_weights, estimate, exact, strict=True):
        assert tf.norm(one - other) <= 1e-3 * tf.norm(other) + 1e-4, weight.path
    learning = sum(bool(tf.norm(gradient) > 1e-3) for gradient in exact)
    assert learning > len(exact) // 2


def test_vimco_needs_two_samples():
    model = tiny_model(num_samples=1)
    with pytest.raises(InvalidArgumentError, match="num_samples=1: expected at least 2"):
        model.compile(estimator="vimco")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimator": "magic"}, "estimator='magic'"),
        ({"latent_warmup": -1}, "latent_warmup=-1: expected at least 0"),
        ({"jit_compile": "maybe"}, "jit_compile='maybe'"),
    ],
)
def test_compile_refuses_what_cannot_work(options, message):
    with pytest.raises(InvalidArgumentError, match=message):
        tiny_model().compile(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"num_samples": 0}, "num_samples=0"), ({"l2": -0.1}, "l2=-0.1")],
)
def test_construction_refuses_what_cannot_work(options, message):
    with pytest.raises(InvalidArgumentError, match=message):
        tiny_model(**options)


def test_every_weight_moves():
    model = tiny_model()
    before = weights_of(model)
    fit_once(model, *(episode(seed) for seed in range(4)), optimizer="adam")
    unmoved = [path for path, w in weights_of(model).items() if np.array_equal(w, before[path])]
    assert unmoved == []


def test_training_raises_the_bound():
    model, e = tiny_model(num_samples=4), episode()
    before = evaluate(model, e)["iw_bound"]
    model.compile(keras.optimizers.Adam(0.01), jit_compile=False)
    model.fit(dataset(e).repeat(40), verbose=0)
    assert evaluate(model, e)["iw_bound"] > before + 5.0


# XLA.


class Talkative(Vimco):
    """Goes through a string, which TensorFlow can do and XLA cannot."""

    def surrogate(self, densities, proposal=None, x=None):
        echo = tf.strings.to_number(tf.strings.as_string(densities.log_px))
        return super().surrogate(densities) + tf.reduce_sum(echo)


def test_xla_is_really_taken_where_it_is_asked_for():
    fit_once(tiny_model(), estimator=Talkative(), jit_compile=False, run_eagerly=False)
    with pytest.raises(tf.errors.InvalidArgumentError, match="unsupported operations.*XLA"):
        fit_once(tiny_model(), estimator=Talkative(), jit_compile=True)


def test_auto_takes_xla_where_there_is_a_gpu():
    model = tiny_model()
    model.compile(jit_compile="auto")
    assert model.jit_compile is bool(tf.config.list_physical_devices("GPU"))


def test_xla_takes_the_same_step():
    plain, compiled = tiny_model(), tiny_model()
    logs = fit_once(plain, jit_compile=False, run_eagerly=False)
    compiled_logs = fit_once(compiled, jit_compile=True)
    assert compiled_logs == pytest.approx(logs, rel=1e-4, abs=1e-4)
    assert_same_weights(compiled, plain, rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(not tf.config.list_physical_devices("GPU"), reason="needs a GPU")
def test_xla_takes_the_same_step_on_a_gpu():
    with tf.device("CPU:0"):
        plain = tiny_model()
        logs = fit_once(plain, jit_compile=False)
    with tf.device("GPU:0"):
        compiled = tiny_model()
        compiled_logs = fit_once(compiled, jit_compile=True)
        with pytest.raises(tf.errors.InvalidArgumentError, match="unsupported operations.*XLA"):
            fit_once(tiny_model(), estimator=Talkative(), jit_compile=True)
    assert all("GPU" in weight.value.device for weight in compiled.trainable_weights)
    assert compiled_logs == pytest.approx(logs, rel=1e-3, abs=1e-3)
    assert_same_weights(compiled, plain, rtol=1e-3, atol=1e-4)


# Randomness.


def test_the_seed_decides():
    same, again, other = tiny_model(seed=3), tiny_model(seed=3), tiny_model(seed=4)
    logs = [fit_once(model, episode(), episode(1)) for model in (same, again, other)]
    assert logs[0] == logs[1]
    assert logs[0]["loss"] != logs[2]["loss"]
    assert_same_weights(same, again, rtol=0)


def test_every_step_draws_anew():
    model, e = tiny_model(), episode()
    assert np.any(model(e) != model(e))


# Metrics.


def test_a_step_on_two_episodes_is_the_mean_of_one_on_each():
    def step(episodes, drawn: int) -> tuple[VariationalMemoryAddressing, list[np.ndarray]]:
        model = tiny_model(l2=0.1, seed=3)
        before = model.get_weights()
        model.compile(keras.optimizers.SGD(1.0))
        model.seed_generator.state.assign([3, drawn])
        model.train_step(episodes)
        return model, [new - old for new, old in zip(model.get_weights(), before, strict=True)]

    # Memories of different sizes, which no one can have joined; noise of different draws.
    both = episode(1), episode(2, slots=2)
    model, moves = step(both, drawn=4)
    alone = [step(part, drawn) for part, drawn in zip(both, (4, 6), strict=True)]
    for move, first, second in zip(moves, alone[0][1], alone[1][1], strict=True):
        np.testing.assert_allclose(move, (first + second) / 2, rtol=1e-4, atol=1e-5)
    assert model.seed_generator.state.numpy().tolist() == [3, 8]
    losses = [float(one.means["loss"].result()) for one, _ in alone]
    assert float(model.means["loss"].result()) == pytest.approx(np.mean(losses), rel=1e-6)


def evaluate(model: VariationalMemoryAddressing, *episodes) -> dict[str, float]:
    if not model.compiled:
        model.compile(jit_compile=False, run_eagerly=True)
    return model.evaluate(dataset(*(episodes or [episode()])), verbose=0, return_dict=True)


def test_metrics_are_means_over_the_epoch():
    model, episodes = tiny_model(), [episode(seed) for seed in range(3)]
    together = evaluate(model, *episodes)
    rewind(model)
    alone = [evaluate(model, e) for e in episodes]
    assert set(together) == set(METRICS)
    for name, value in together.items():
        assert value == pytest.approx(np.mean([logs[name] for logs in alone]), rel=1e-5)
        assert len({logs[name] for logs in alone}) == 3


@pytest.mark.parametrize("steps_per_execution", [1, 3])
def test_metrics_of_training_are_means_too(steps_per_execution):
    model, episodes = tiny_model(), [episode(seed) for seed in range(3)]
    expected = evaluate(model, *episodes)
    rewind(model)
    logs = fit_once(
        model,
        *episodes,
        optimizer=keras.optimizers.SGD(0.0),
        steps_per_execution=steps_per_execution,
        run_eagerly=steps_per_execution == 1,
    )
    assert logs == pytest.approx(expected, rel=1e-5)


def test_an_epoch_starts_from_nothing():
    model, e = tiny_model(), episode()
    first = evaluate(model, e)
    rewind(model)
    assert evaluate(model, e) == pytest.approx(first, rel=1e-6)


def test_training_and_evaluation_share_the_loss():
    model = tiny_model(l2=0.1)
    expected = evaluate(model)
    rewind(model)
    # The step is large: what follows it must not leak into the metrics of before it.
    logs = fit_once(model, optimizer=keras.optimizers.SGD(0.5))
    assert logs == pytest.approx(expected, rel=1e-5)


def test_loss_is_the_negative_bound_and_not_the_surrogate():
    model, e = tiny_model(), episode()
    logs = fit_once(model, e, optimizer=keras.optimizers.SGD(0.0))
    assert set(logs) == set(METRICS)
    assert logs["loss"] == pytest.approx(-logs["iw_bound"], rel=1e-6)
    rewind(model)
    seeds = [tf.cast(model.seed_generator.next(), tf.int32) for _ in range(2)]
    densities = model.infer(e["x"], e["memory"], NUM_SAMPLES, seeds).densities
    bound = bounds.iw_bound(bounds.log_weights(*densities))
    assert logs["iw_bound"] == pytest.approx(np.mean(bound), rel=1e-5)
    surrogate = np.mean(Vimco().surrogate(densities))
    assert all(value != pytest.approx(surrogate, rel=1e-3) for value in logs.values())
    assert logs["ess"] == pytest.approx(np.mean(bounds.ess(bounds.log_weights(*densities))))
    assert logs["reconstruction"] == pytest.approx(np.mean(densities.log_px), rel=1e-5)


@pytest.mark.parametrize(("right", "accuracy"), [(4, 1.0), (3, 0.75), (0, 0.0)])
def test_address_accuracy(right, accuracy):
    """Tied embeddings and the cosine find the very image; its label is right or not."""
    model = build_model(tiny_config(tied=True, similarity="cosine"))
    memory = images(TARGETS, seed=7)
    order = [2, 0, 3, 1]
    labels = np.array([10, 11, 12, 13])
    x_labels = labels[order]
    x_labels[right:] += 1
    e = {
        "x": tf.gather(memory, order),
        "memory": memory,
        "x_label": tf.constant(x_labels, tf.int32),
        "memory_label": tf.constant(labels, tf.int32),
    }
    logs = evaluate(model, e)
    assert set(logs) == {*METRICS, "address_accuracy"}
    # x_label + 1 is the label of another target or of none.
    assert logs["address_accuracy"] == accuracy
    assert fit_once(model, e)["address_accuracy"] == accuracy


# The loss.


def test_l2_is_half_the_squared_norm_of_all_but_the_memory():
    model = learned_model(l2=0.3)
    logs = evaluate(model, {"x": images(TARGETS, 0)})
    weights = weights_of(model)
    (memory,) = (path for path in weights if path.endswith("slots"))
    norm = sum(np.sum(np.float64(w) ** 2) for path, w in weights.items() if path != memory)
    assert logs["loss"] + logs["iw_bound"] == pytest.approx(0.15 * norm, rel=1e-4)


def test_l2_shrinks_all_but_the_memory():
    free, decayed = learned_model(), learned_model(l2=0.3)
    start = weights_of(free)
    e = {"x": images(TARGETS, 0)}
    for model in (free, decayed):
        fit_once(model, e, optimizer=keras.optimizers.SGD(0.1))
    for path, weight in weights_of(free).items():
        shrunk = 0.0 if path.endswith("slots") else 0.1 * 0.3 * start[path]
        np.testing.assert_allclose(
            weights_of(decayed)[path], weight - shrunk, rtol=1e-4, atol=1e-5, err_msg=path
        )


def test_warmup_changes_the_gradient_and_no_metric():
    plain, warming = tiny_model(), tiny_model()
    logs = fit_once(plain)
    assert fit_once(warming, latent_warmup=100) == pytest.approx(logs, rel=1e-6)
    path = next(path for path in weights_of(plain) if path.startswith("tiny/prior"))
    assert np.any(weights_of(plain)[path] != weights_of(warming)[path])


class Listening(Vimco):
    """Keeps the densities that it was given."""

    def surrogate(self, densities, proposal=None, x=None):
        self.heard = densities
        return super().surrogate(densities)


@pytest.mark.parametrize(("step", "weight"), [(0, 0.1), (50, 0.55), (100, 1.0), (1000, 1.0)])
def test_warmup_weighs_the_latent_terms(step, weight):
    heard = []
    for latent_warmup in (0, 100):
        model, estimator = tiny_model(), Listening()
        model.compile(estimator=estimator, latent_warmup=latent_warmup, run_eagerly=True)
        model.optimizer.build(model.trainable_weights)
        model.optimizer.iterations.assign(step)
        model.train_step(episode())
        heard.append(estimator.heard)
    plain, warming = heard
    np.testing.assert_allclose(warming.log_pz, weight * plain.log_pz, rtol=1e-5)
    np.testing.assert_allclose(warming.log_qz, weight * plain.log_qz, rtol=1e-5)
    for name in ("log_pa", "log_px", "log_qa"):
        np.testing.assert_allclose(getattr(warming, name), getattr(plain, name), rtol=1e-6)


# Prediction.


def test_predict_gives_the_terms_of_every_target():
    model, episodes = tiny_model(), [episode(), episode(1)]
    means = evaluate(model, *episodes)
    rewind(model)
    predicted = model.predict(dataset(*episodes), verbose=0)
    names = {
        "log_likelihood": "iw_bound",
        "kl_address": "kl_a",
        "kl_latent": "kl_z",
        "reconstruction": "reconstruction",
    }
    assert set(predicted) == set(names)
    for key, name in names.items():
        assert predicted[key].shape == (2 * TARGETS,)
        assert np.mean(predicted[key]) == pytest.approx(means[name], rel=1e-4)


# Saving.


def bound_at_fixed_seed(model: VariationalMemoryAddressing) -> np.ndarray:
    e = episode()
    densities = model.infer(e["x"], e["memory"], 3, SEEDS).densities
    return bounds.iw_bound(bounds.log_weights(*densities)).numpy()


def test_keras_file_round_trip(tmp_path: Path):
    model = tiny_model(l2=0.1, seed=5)
    fit_once(model, estimator=Vimco("geometric"), latent_warmup=7)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert isinstance(again, VariationalMemoryAddressing)
    np.testing.assert_allclose(bound_at_fixed_seed(again), bound_at_fixed_seed(model), atol=1e-5)
    assert again.estimator.baseline == "geometric"
    assert again.latent_warmup == 7
    assert again.optimizer.iterations == 1


def test_a_reloaded_model_trains_on(tmp_path: Path):
    model = learned_model()
    e = {"x": images(TARGETS, 0)}
    model.compile(keras.optimizers.Adam(0.01), jit_compile=False, run_eagerly=True)
    model.fit(dataset(e), verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    # Keras keeps no random state in its files; the checkpoints of training do.
    again.seed_generator.state.assign(model.seed_generator.state)
    one, other = (m.fit(dataset(e), verbose=0).history for m in (again, model))
    assert one["loss"] == pytest.approx(other["loss"], rel=1e-5)
    assert_same_weights(again, model, rtol=1e-4, atol=1e-6)


def test_weights_round_trip(tmp_path: Path):
    model = tiny_model()
    fit_once(model)
    model.save_weights(tmp_path / "w.weights.h5")
    again = tiny_model(seed=9)
    again.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(bound_at_fixed_seed(again), bound_at_fixed_seed(model))


@pytest.mark.parametrize("make", [tiny_model, learned_model])
def test_config_round_trip(make):
    model = make(num_samples=3, l2=0.5, seed=7, name="mine")
    config = model.get_config()
    again = VariationalMemoryAddressing.from_config(config)
    assert again.get_config() == config
    assert (again.num_samples, again.l2, again.seed, again.name) == (3, 0.5, 7, "mine")
    assert [w.shape for w in again.weights] == [w.shape for w in model.weights]


def test_a_model_is_built_when_made():
    model = tiny_model()
    assert model.built
    assert len(model.trainable_weights) > 20


# Precision.


def tiny_config(**model) -> Config:
    return Config(
        "tiny",
        model=ModelConfig(
            image_size=SIZE,
            filters=FILTERS,
            hidden_units=5,
            latent_dim=LATENT_DIM,
            key_dim=3,
            **model,
        ),
        training=TrainingConfig(num_samples=NUM_SAMPLES),
    )


def test_mixed_precision_has_float32_densities_and_trains():
    model, e = build_model(tiny_config(), precision="mixed_bfloat16"), episode()
    assert {weight.dtype for weight in model.trainable_weights} == {"float32"}
    inference = model.infer(e["x"], e["memory"], NUM_SAMPLES, SEEDS)
    dtypes = {
        part.dtype for part in tf.nest.flatten(inference) if part is not inference.proposal.address
    }
    assert dtypes == {tf.float32}
    before = weights_of(model)
    logs = fit_once(model, e)
    assert np.isfinite(list(logs.values())).all()
    assert any(np.any(weight != before[path]) for path, weight in weights_of(model).items())


def test_mixed_precision_is_close_to_float32():
    full = build_model(tiny_config())
    mixed = build_model(tiny_config(), precision="mixed_bfloat16")
    mixed.set_weights(full.get_weights())
    # Samples of a may differ where q(a|x) does; the seeds of this test are fixed.
    assert evaluate(mixed) == pytest.approx(evaluate(full), rel=0.05, abs=0.05)


# Learned memory.


def test_learned_memory_fits_without_one_in_the_episode():
    model = learned_model()
    before = weights_of(model)
    logs = fit_once(model, {"x": images(TARGETS, 0)}, {"x": images(TARGETS, 1)})
    assert set(logs) == set(METRICS)
    assert np.isfinite(list(logs.values())).all()
    (memory,) = (path for path in before if path.endswith("slots"))
    assert np.any(weights_of(model)[memory] != before[memory])


def test_learned_memory_compiles():
    logs = fit_once(learned_model(), {"x": images(TARGETS, 0)}, jit_compile=True)
    expected = fit_once(learned_model(), {"x": images(TARGETS, 0)})
    assert logs == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_a_large_learned_memory_learns_where_it_was_read():
    model = learned_model(memory_size=100)
    slots = model.memory.slots
    before = slots.numpy()
    # The keys move every slot through q(a|x); without them only reads do.
    model.addressing.trainable = False
    with tf.GradientTape() as tape:
        inference = model.infer(images(TARGETS, 0), None, NUM_SAMPLES, SEEDS)
        total = tf.reduce_sum(inference.densities.log_px)
    gradient = tf.convert_to_tensor(tape.gradient(total, slots.value)).numpy()
    moved = np.flatnonzero(np.any(gradient != 0.0, axis=1))
    # An entry that was read may still lie where every ReLU is off.
    assert moved.size > 0
    assert set(moved) <= set(inference.proposal.address.numpy().ravel())
    assert before.shape == gradient.shape


def test_episodic_entries_through_dense_layers():
    """Train to recall (paper, section 4.1): images in memory, the dense network."""
    model = dense_model(EpisodicMemory(name="memory"))
    assert np.isfinite(list(fit_once(model, episode(), episode(1)).values())).all()


# Bad datasets.


def without(key: str) -> dict[str, tf.Tensor]:
    return {k: v for k, v in episode().items() if k != key}


BAD_EPISODES = {
    "no memory": (without("memory"), "no 'memory'"),
    "no x": (without("x"), "no 'x'"),
    "empty memory": (episode() | {"memory": images(0, 0)}, "memory of shape .*empty"),
    "other size": (
        episode() | {"memory": tf.zeros([SLOTS, 5, 5, 1])},
        r"memory with images of shape \(5, 5, 1\).*expected \(6, 6, 1\)",
    ),
    "NaN": (episode() | {"x": images(TARGETS, 0) * np.nan}, "x has nothing but NaN"),
    "grey beyond 1": (episode() | {"memory": 255.0 * images(SLOTS, 0)}, "memory has .* 255"),
}


@pytest.mark.parametrize(
    ("use", "name"),
    [*(("fit", name) for name in BAD_EPISODES), ("evaluate", "NaN"), ("predict", "NaN")],
)
def test_bad_episodes_are_refused(use, name):
    bad, message = BAD_EPISODES[name]
    model = tiny_model()
    model.compile(jit_compile=False, run_eagerly=True)
    with pytest.raises(InvalidArgumentError, match=message):
        getattr(model, use)(dataset(bad), verbose=0)


def test_arrays_are_no_dataset():
    model = tiny_model()
    model.compile(jit_compile=False)
    arrays = {key: value.numpy() for key, value in episode().items()}
    with pytest.raises(InvalidArgumentError, match=r"expected a tf\.data\.Dataset of episodes"):
        model.fit(arrays, verbose=0)


def test_images_of_another_size_than_the_models_are_refused():
    other = {"x": tf.zeros([TARGETS, 9, 9, 1]), "memory": tf.zeros([SLOTS, 9, 9, 1])}
    model = tiny_model()
    model.compile(jit_compile=False)
    with pytest.raises(InvalidArgumentError, match=r"x .*9, 9, 1.*6, 6, 1"):
        model.fit(dataset(other), verbose=0)
