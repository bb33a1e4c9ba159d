"""The training step of the model: XLA, random numbers, metrics, the loss, precision."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.models.tiny_vma import (
    FILTERS,
    LATENT_DIM,
    NUM_SAMPLES,
    SEEDS,
    SIZE,
    TARGETS,
    assert_same_weights,
    episode,
    evaluate,
    fit_once,
    images,
    learned_model,
    rewind,
    tiny_model,
    weights_of,
)
from tfvma import bounds
from tfvma.config import Config, ModelConfig, TrainingConfig
from tfvma.errors import InvalidArgumentError
from tfvma.estimators import Vimco
from tfvma.layers.conv_pyramid import ConvPyramid
from tfvma.models.build import build_model
from tfvma.models.latent_path import LatentPath
from tfvma.models.vma import METRICS, VariationalMemoryAddressing

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


def gaussian_kl(loc, scale, prior_loc, prior_scale) -> np.ndarray:
    """KL(N(loc, scale^2) || N(prior_loc, prior_scale^2)), summed over the last axis."""
    ratio = scale / prior_scale
    distance = (loc - prior_loc) / prior_scale
    return (0.5 * (ratio**2 + distance**2 - 1.0) - np.log(ratio)).sum(-1)


@pytest.mark.parametrize("estimator", ["exact", "exact_top_k(num_top=2)"])
def test_metrics_weigh_addresses_by_their_shares(estimator):
    """Shares of q(a | x) differ here; with samples all are 1/K, and a plain mean would do."""
    model, e = tiny_model(), episode()
    model.addressing.query_embedding.embedding.bias.assign([3.0, -2.0, 1.0])
    logs = fit_once(model, e, estimator=estimator, optimizer=keras.optimizers.SGD(0.0))

    rewind(model)
    seeds = [tf.cast(model.seed_generator.next(), tf.int32) for _ in range(2)]
    entries = model.memory.entries(e["memory"])
    asked = model.ask(e["x"], entries)
    samples = model.sample(asked, NUM_SAMPLES, seeds, model.estimator)
    encoded = model.encode(entries, samples.proposal.address)
    read = model.read(asked, samples.noise, encoded, LatentPath())
    read = type(read)(*(np.float64(part) for part in read))
    d = model.infer_at(asked, samples, encoded, LatentPath()).densities
    d = type(d)(*(np.float64(part) for part in d))

    share = np.exp(np.float64(samples.proposal.log_share))
    assert np.all(share.max(0) > 1.4 * share.min(0))
    weights = share * np.exp(d.log_px + d.log_pa - d.log_qa + d.log_pz - d.log_qz)
    divergence = gaussian_kl(read.loc, read.scale, read.prior_loc, read.prior_scale)
    expected = {
        "iw_bound": np.log(weights.sum(0)),
        "reconstruction": (share * d.log_px).sum(0),
        "kl_z": (share * divergence).sum(0),
        "ess": weights.sum(0) ** 2 / (weights**2).sum(0),
    }
    for name, value in expected.items():
        assert logs[name] == pytest.approx(value.mean(), rel=1e-5), name


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


# What can be refused.


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        ({"backward": "oops"}, "^backward='oops'"),
        ({"jit_compile": "oops"}, "^jit_compile='oops'"),
        (
            {"optimizer": keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())},
            "^optimizer=LossScaleOptimizer: expected the optimizer within it",
        ),
    ],
)
def test_a_refused_compile_changes_nothing(refused, message):
    model = tiny_model()
    model.compile(estimator="vimco", slices=2, jit_compile=False)
    before = model.get_compile_config()
    with pytest.raises(InvalidArgumentError, match=message):
        model.compile(**{"estimator": "reinforce", "slices": 1, **refused})
    assert model.get_compile_config() == before


def test_float16_is_refused():
    """Keras would divide gradients by a scale that no loss here was multiplied by."""
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = tiny_model()
        with pytest.raises(
            InvalidArgumentError, match="^dtype='mixed_float16' of tiny: expected 'float32'"
        ):
            model.compile()
    finally:
        keras.config.set_dtype_policy("float32")


def test_float16_of_one_layer_is_refused():
    model = tiny_model(ConvPyramid(FILTERS, dtype="mixed_float16", name="halves"))
    with pytest.raises(InvalidArgumentError, match="^dtype='mixed_float16' of halves: expected"):
        model.compile()


def test_a_frozen_model_with_l2_can_be_evaluated():
    model = tiny_model(l2=1e-3)
    model.compile(jit_compile=False)
    model.trainable = False
    found = evaluate(model)
    assert found["loss"] == pytest.approx(-found["iw_bound"])
