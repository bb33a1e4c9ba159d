"""Learning from a drawn sample has the gradient of learning from all, by enumeration in float64."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.estimators.small_model import TARGETS, SmallModel, assert_same
from tests.models.tiny_vma import episode, fit_once, learned_model, tiny_model
from tfvma import estimators
from tfvma.errors import InvalidArgumentError
from tfvma.estimators import LogDensities, Relaxed, drawn_sample
from tfvma.estimators.drawn_sample import (
    Slopes,
    draw_sample,
    surrogate_and_slopes,
    surrogate_of_drawn,
    take,
)
from tfvma.models.latent_path import LatentPath
from tfvma.sampling import sample_address

NUM_SAMPLES, MEMORY_SIZE = 3, 3
SAMPLING = [name for name in estimators.NAMES if not isinstance(estimators.get(name), Relaxed)]
DOUBLY = [name for name in SAMPLING if name != "wake_wake_joint"]
SEEDS = (tf.constant([5, 6], tf.int32), tf.constant([7, 8], tf.int32))


class Dictated:
    """In the place of `sample_address`: the same sample for all, its probability kept."""

    def __init__(self, drawn: int):
        self.drawn = drawn

    def __call__(self, log_probability, num_samples, seed):
        self.probability = np.exp(log_probability)[:, self.drawn]
        return tf.fill([num_samples, log_probability.shape[0]], self.drawn)


@pytest.fixture
def dictate(monkeypatch):
    def to(drawn: int) -> Dictated:
        dictated = Dictated(drawn)
        monkeypatch.setattr(drawn_sample, "sample_address", dictated)
        return dictated

    return to


def ready(name: str) -> estimators.Estimator:
    estimator = estimators.get(name)
    estimator.build((4,))
    return estimator


def samples_of(model: SmallModel, estimator):
    log_posterior, _ = model.address()
    proposal = estimator.propose(log_posterior, NUM_SAMPLES, SEEDS[0])
    noise = np.random.default_rng(2).normal(size=(len(proposal.address), TARGETS, 2))
    return proposal, tf.constant(noise)


def of_all(model, name, kind):
    estimator, path = ready(name), LatentPath(kind)
    proposal, noise = samples_of(model, estimator)
    with tf.GradientTape() as tape:
        densities = model.at(proposal.address, noise, path)
        path.scale_by(estimator.latent_factor(densities, proposal))
        total = tf.reduce_sum(
            estimator.surrogate(densities, proposal, tf.cast(model.x, tf.float32))
        )
    return tape.gradient(total, model.parameters, unconnected_gradients="zero")


def of_one(model, name, kind, dictated):
    estimator, path = ready(name), LatentPath(kind)
    proposal, noise = samples_of(model, estimator)
    with tf.GradientTape() as tape:
        densities = model.at(proposal.address, noise)
        surrogate, slopes = surrogate_and_slopes(
            estimator, densities, proposal, tf.cast(model.x, tf.float32)
        )
        drawn, slopes = draw_sample(slopes, SEEDS[1])
        path.scale_by(take(estimator.latent_factor(densities, proposal), drawn))
        again = model.at(take(proposal.address, drawn), take(noise, drawn), path)
        total = tf.reduce_sum(
            dictated.probability * (surrogate + surrogate_of_drawn(again, slopes))
        )
    return tape.gradient(total, model.parameters, unconnected_gradients="zero")


def assert_unbiased(name, kind, dictate):
    model = SmallModel(MEMORY_SIZE)
    expected = of_all(model, name, kind)
    num_samples = len(samples_of(model, ready(name))[0].address)
    found = [of_one(model, name, kind, dictate(drawn)) for drawn in range(num_samples)]
    mean = {group: sum(one[group] for one in found) for group in expected}
    # Shares of a target that nothing is learned from, and float32 baselines, come in here.
    assert_same(mean, expected, tolerance=1e-6 if name.startswith("nvil") else 1e-9)
    assert any(float(tf.norm(one["decoder"] - found[0]["decoder"])) > 1e-3 for one in found)


@pytest.mark.parametrize("name", SAMPLING)
def test_the_mean_over_draws_is_the_gradient_of_all(name, dictate):
    own = estimators.get(name).latent_gradient
    assert_unbiased(name, own, dictate)


@pytest.mark.parametrize("name", DOUBLY)
def test_the_mean_over_draws_is_the_doubly_reparameterized_gradient(name, dictate):
    assert_unbiased(name, "doubly_reparameterized", dictate)


def test_a_bound_draws_by_its_weights_and_learns_with_weight_one():
    log_px = tf.math.log(tf.constant([[1.0, 2.0], [3.0, 2.0]], tf.float64))
    flat = tf.zeros_like(log_px)
    densities = LogDensities(flat, flat, log_px, flat, flat)
    _, slopes = surrogate_and_slopes(estimators.get("vimco"), densities, None, None)
    weights = np.array([[0.25, 0.5], [0.75, 0.5]])
    np.testing.assert_allclose(slopes.log_px, weights, rtol=1e-12)
    np.testing.assert_allclose(slopes.log_pz, weights, rtol=1e-12)
    np.testing.assert_allclose(slopes.log_qz, -weights, rtol=1e-12)
    drawn, of_drawn = draw_sample(slopes, SEEDS[0])
    assert drawn.shape == (2,)
    np.testing.assert_allclose(of_drawn.log_px, [[1.0, 1.0]], rtol=1e-9)
    np.testing.assert_allclose(of_drawn.log_qz, [[-1.0, -1.0]], rtol=1e-9)
    log_weights = tf.math.log(tf.constant(weights.T))
    np.testing.assert_array_equal(drawn, sample_address(log_weights, 1, SEEDS[0])[0])


def test_a_sample_that_teaches_nothing_is_not_drawn():
    slopes = Slopes(*(tf.constant([[0.0] * 64, [1.0] * 64]) for _ in range(3)))
    drawn, of_drawn = draw_sample(slopes, SEEDS[0])
    np.testing.assert_array_equal(drawn, np.ones(64))
    np.testing.assert_allclose(of_drawn.log_px, np.ones([1, 64]), rtol=1e-6)


def test_a_target_that_teaches_nothing_gives_no_nan():
    slopes = Slopes(*(tf.zeros([2, 3]) for _ in range(3)))
    _, of_drawn = draw_sample(slopes, SEEDS[0])
    np.testing.assert_array_equal(of_drawn.log_px, np.zeros([1, 3]))


# In the model.


def model_gradients(backward: str, latent_gradient: str, slots: int):
    model = tiny_model(num_samples=NUM_SAMPLES)
    model.compile(
        latent_gradient=latent_gradient, backward=backward, latent_warmup=3, run_eagerly=True
    )
    one_target = {**episode(slots=slots), "x": episode()["x"][:1]}
    return {
        weight.path: tf.zeros_like(weight) if gradient is None else gradient
        for weight, gradient in zip(
            model.trainable_weights, model.gradients(one_target, SEEDS), strict=True
        )
    }


@pytest.mark.parametrize("slots", [1, 6])
@pytest.mark.parametrize("latent_gradient", ["reparameterized", "doubly_reparameterized"])
def test_the_mean_gradient_of_the_model_is_that_of_all_samples(latent_gradient, slots, dictate):
    """With one slot the drawn entry is read where it was encoded, of 6 it is encoded again."""
    expected = model_gradients("all_samples", latent_gradient, slots)
    mean = dict.fromkeys(expected, 0.0)
    for drawn in range(NUM_SAMPLES):
        dictated = dictate(drawn)
        found = model_gradients("drawn_sample", latent_gradient, slots)
        mean = {path: mean[path] + dictated.probability[0] * found[path] for path in mean}
    for path, gradient in expected.items():
        scale = max(float(tf.norm(gradient)), 1e-3)
        assert float(tf.norm(mean[path] - gradient)) < 1e-4 * scale, path
    assert any(float(tf.norm(gradient)) > 1e-2 for gradient in expected.values())


def test_metrics_are_of_all_samples():
    plain = fit_once(tiny_model(num_samples=NUM_SAMPLES))
    drawn = fit_once(tiny_model(num_samples=NUM_SAMPLES), backward="drawn_sample")
    assert drawn == pytest.approx(plain, rel=1e-6)


@pytest.mark.parametrize("kind", ["large", "learned", "sliced", "unknown sizes"])
def test_a_graph_has_the_gradients_of_the_untraced_model(kind):
    """With so many slots that entries are encoded again where sizes are known."""
    learned = kind == "learned"
    model = learned_model(40) if learned else tiny_model()
    model.compile(
        latent_gradient="doubly_reparameterized",
        backward="drawn_sample",
        slices=2 if kind == "sliced" else 1,
        jit_compile=False,
    )
    given = {"x": episode()["x"]} if learned else episode(slots=40)
    unknown = kind == "unknown sizes"
    signature = {
        name: tf.TensorSpec([None, *value.shape[1:]] if unknown else value.shape)
        for name, value in given.items()
    }
    traced = tf.function(lambda e: model.gradients(e, SEEDS), input_signature=[signature])
    for one, other in zip(traced(given), model.gradients(given, SEEDS), strict=True):
        if one is not None or other is not None:
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_xla_takes_the_same_step():
    plain, compiled = tiny_model(), tiny_model()
    fit_once(plain, backward="drawn_sample", jit_compile=False, run_eagerly=False)
    fit_once(compiled, backward="drawn_sample", jit_compile=True)
    for one, other in zip(compiled.trainable_weights, plain.trainable_weights, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-4, atol=1e-5)


def test_a_compiled_model_keeps_it():
    model = tiny_model()
    model.compile(backward="drawn_sample")
    again = tiny_model()
    again.compile_from_config(model.get_compile_config())
    assert again.backward == "drawn_sample"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backward": "one"}, "backward='one': expected one of 'all_samples', 'drawn_sample'"),
        (
            {"backward": "drawn_sample", "estimator": "concrete"},
            "backward='drawn_sample': expected 'all_samples' with Concrete",
        ),
    ],
)
def test_what_cannot_work_is_refused(options, message):
    with pytest.raises(InvalidArgumentError, match=message):
        tiny_model().compile(**options)
