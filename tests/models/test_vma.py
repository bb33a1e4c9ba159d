"""The model: its densities, and their gradient against enumeration."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvma.estimators.estimator
import tfvma.models.inference
from tests.models.tiny_vma import (
    FILTERS,
    LATENT_DIM,
    NUM_SAMPLES,
    SEEDS,
    SIZE,
    SLOTS,
    TARGETS,
    dataset,
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
from tfvma.errors import InvalidArgumentError
from tfvma.estimators import Vimco
from tfvma.layers.conv_decoder import ConvDecoder
from tfvma.layers.conv_pyramid import ConvPyramid
from tfvma.layers.gaussian_head import GaussianHead
from tfvma.models.vma import VariationalMemoryAddressing
from tfvma.sampling import sample_normal

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


@pytest.mark.parametrize("make", [tiny_model, learned_model])
@pytest.mark.parametrize("image_shape", [(SIZE, SIZE, 3), (SIZE + 1, SIZE + 1, 1)])
def test_construction_refuses_images_that_the_decoder_does_not_make(make, image_shape):
    decoder = type(make().decoder).__name__
    with pytest.raises(InvalidArgumentError) as error:
        make(image_shape=image_shape)
    assert str(error.value) == (
        f"image_shape={image_shape}: expected ({SIZE}, {SIZE}, 1), the shape of the logits of "
        f"{decoder}."
    )


@pytest.mark.parametrize("make", [tiny_model, learned_model])
def test_construction_refuses_two_sizes_of_z(make):
    model = make()
    head = keras.saving.serialize_keras_object(GaussianHead(LATENT_DIM + 1, hidden_units=3))
    with pytest.raises(InvalidArgumentError) as error:
        type(model).from_config({**model.get_config(), "prior_head": head})
    assert str(error.value) == (
        f"prior_head.latent_dim={LATENT_DIM + 1}, posterior.latent_dim={LATENT_DIM}, "
        f"decoder.latent_dim={LATENT_DIM}: expected one size of z."
    )


def test_a_decoder_need_not_know_the_shape_of_its_logits(monkeypatch):
    monkeypatch.setattr(
        ConvDecoder, "compute_output_shape", keras.layers.Layer.compute_output_shape
    )
    assert tiny_model().built


@keras.saving.register_keras_serializable("tests")
class ColumnDecoder(ConvDecoder):
    """Makes one column of pixels, and does not say so."""

    compute_output_shape = keras.layers.Layer.compute_output_shape

    def from_condition(self, z, condition):
        return super().from_condition(z, condition)[:, :, :1]


@pytest.mark.parametrize("estimator", ["vimco", "concrete"])
def test_logits_of_another_shape_are_refused_once_they_show(estimator):
    """They would be broadcast to the targets."""
    one = tiny_model()
    layers = {name: getattr(tiny_model(), name) for name in one.LAYERS}
    layers["decoder"] = ColumnDecoder.from_config(one.decoder.get_config())
    model = VariationalMemoryAddressing(**layers, image_shape=one.image_shape)
    model.compile(estimator=estimator, jit_compile=False, run_eagerly=True)
    message = r"^decoder: its logits have the shape .*6, 1, 1\); expected \(None, 6, 6, 1\)"
    for refused in (
        lambda: model.fit(dataset(episode()), verbose=0),
        lambda: model.score(episode()["x"], episode()["memory"], 2, [0, 1]),
    ):
        with pytest.raises(InvalidArgumentError, match=message):
            refused()


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
