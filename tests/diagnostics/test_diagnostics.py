from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.models.tiny_vma import episode, learned_model, tiny_model, weights_of
from tfvma.diagnostics import Diagnostics, diagnostic_columns
from tfvma.errors import InvalidArgumentError
from tfvma.models.vma import VariationalMemoryAddressing
from tfvma.sampling import fold_in


def compiled(model: VariationalMemoryAddressing, estimator: str = "vimco"):
    model.compile(keras.optimizers.SGD(1.0), estimator=estimator, jit_compile=False)
    return model


class Counting(VariationalMemoryAddressing):
    """Its n-th gradient is n everywhere, and that of the decoder 10 n."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.count = tf.Variable(0.0, trainable=False)

    def gradients(self, episode, seeds):
        n = self.count.assign_add(1.0)
        decoder = {id(weight) for weight in self.decoder.trainable_weights}
        return [
            tf.fill(weight.shape, 10.0 * n if id(weight) in decoder else n)
            for weight in self.trainable_weights
        ]


def test_moments_of_each_group(monkeypatch):
    monkeypatch.setattr("tests.models.tiny_vma.VariationalMemoryAddressing", Counting)
    measured = Diagnostics(compiled(tiny_model()), episode(), repeats=4).measure()
    # Of 1, 2, 3, 4: mean 5 / 2, variance 5 / 3.
    for group in ("addressing", "entry_encoder", "prior_head", "posterior"):
        assert measured[f"snr_{group}"] == pytest.approx(2.5 / (5 / 3) ** 0.5)
        assert measured[f"variance_{group}"] == pytest.approx(5 / 3)
    assert measured["snr_decoder"] == pytest.approx(2.5 / (5 / 3) ** 0.5)
    assert measured["variance_decoder"] == pytest.approx(100 * 5 / 3)


@pytest.mark.parametrize("estimator", ["vimco", "nvil", "concrete", "exact"])
def test_measuring_changes_nothing_and_can_be_repeated(estimator):
    model = compiled(tiny_model(), estimator)
    before = weights_of(model), model.seed_generator.state.numpy()
    state = [variable.numpy() for variable in model.estimator_state]
    diagnostics = Diagnostics(model, episode(), repeats=2, num_latents=1)
    measured = diagnostics.measure()
    assert diagnostics.measure() == measured
    assert ("step", *measured) == diagnostic_columns(model)
    assert np.isfinite(list(measured.values())).all()
    assert measured["variance_addressing"] > 0.0
    assert 1.0 <= measured["ess"] <= model.num_samples

    np.testing.assert_equal(weights_of(model), before[0])
    np.testing.assert_array_equal(model.seed_generator.state, before[1])
    for variable, value in zip(model.estimator_state, state, strict=True):
        np.testing.assert_array_equal(variable, value)


def test_without_noise_gradients_do_not_vary(monkeypatch):
    monkeypatch.setattr(
        "tfvma.models.inference.standard_normal", lambda shape, seed: tf.zeros(shape)
    )
    measured = Diagnostics(compiled(tiny_model(), "exact"), episode(), repeats=3).measure()
    assert {measured[name] for name in measured if name.startswith("variance")} == {0.0}


def test_gradients_are_those_of_a_step():
    model, e = compiled(tiny_model()), episode()
    seeds = [tf.constant([model.seed, n]) for n in range(2)]
    gradients = model.gradients(e, seeds)
    model.seed_generator.state.assign([model.seed, 0])
    before = model.get_weights()
    model.optimizer.build(model.trainable_weights)
    model.train_step(e)
    for old, new, gradient in zip(before, model.get_weights(), gradients, strict=True):
        np.testing.assert_allclose(old - new, gradient, rtol=1e-4, atol=1e-5)


def test_a_learned_memory_is_a_group():
    model = compiled(learned_model())
    measured = Diagnostics(model, {"x": episode()["x"]}, repeats=2, num_latents=1).measure()
    assert measured["variance_memory"] > 0.0


def test_models_that_cannot_be_diagnosed():
    with pytest.raises(InvalidArgumentError, match="model=Sequential: expected a Variational"):
        Diagnostics(keras.Sequential(), episode())
    with pytest.raises(InvalidArgumentError, match="not compiled: expected one with an estimator"):
        Diagnostics(tiny_model(), episode())


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"x": episode()["x"]}, r"dataset with keys \['x'\]: no 'memory'"),
        ({"memory": episode()["memory"]}, r"dataset with keys \['memory'\]: no 'x'"),
        ({**episode(), "x": episode()["x"][:, :-1]}, "x with images of shape"),
        ({**episode(), "x": 255.0 * episode()["x"]}, "x has 0 NaN and values from"),
        (
            tf.data.Dataset.from_tensors(episode()),
            "episode of type _TensorDataset: expected a dict",
        ),
    ],
)
def test_episodes_that_the_model_could_not_be_trained_on(bad, message):
    with pytest.raises(InvalidArgumentError, match=message):
        Diagnostics(compiled(tiny_model()), bad)


def test_a_model_that_was_compiled_anew_has_other_gradients():
    model = compiled(tiny_model())
    diagnostics = Diagnostics(model, episode(), repeats=2)
    compiled(model, "exact")
    with pytest.raises(InvalidArgumentError, match="compiled with another estimator since"):
        diagnostics.measure()


def test_the_sample_size_is_a_mean_over_the_repeats(monkeypatch):
    monkeypatch.setattr(
        Diagnostics, "_repeat_once", lambda self, seed: ({}, tf.cast(seed[1] % 97, tf.float32))
    )
    monkeypatch.setattr("tfvma.diagnostics.diagnostics.groups", lambda model: {})
    measured = Diagnostics(compiled(tiny_model()), episode(), repeats=3).measure()
    seeds = [int(fold_in(tf.constant([0, 0]), repeat)[1]) % 97 for repeat in range(3)]
    assert len(set(seeds)) > 1
    assert measured["ess"] == pytest.approx(sum(seeds) / 3)


@pytest.mark.parametrize("options", [{"repeats": 1}, {"num_latents": 0}])
def test_too_few(options):
    (name,) = options
    with pytest.raises(InvalidArgumentError, match=f"{name}={options[name]}: expected at least"):
        Diagnostics(compiled(tiny_model()), episode(), **options)
