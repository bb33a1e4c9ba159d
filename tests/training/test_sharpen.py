"""The factor of the logits against closed forms, and a run that ends with one."""

from __future__ import annotations

import dataclasses
import io
import math
import signal

import numpy as np
import pytest
import tensorflow as tf

from tests.training.conftest import random_characters
from tfvma.config import Config, ModelConfig, replace_options
from tfvma.layers.conv_decoder import ConvDecoder
from tfvma.layers.mlp_decoder import MLPDecoder
from tfvma.layers.plain_conv_decoder import PlainConvDecoder
from tfvma.layers.plain_mlp_decoder import PlainMLPDecoder
from tfvma.models.build import build_model
from tfvma.training import load_trained, train
from tfvma.training.run_folder import RunFolder, read_config
from tfvma.training.sharpen import as_drawn, draw_to_sharpen, highest, sharpen


@pytest.fixture
def few_characters(monkeypatch) -> None:
    monkeypatch.setattr("tfvma.training.run.load_characters", random_characters)
    monkeypatch.setattr("tfvma.training.held_out.TARGETS", 8)
    monkeypatch.setattr("tfvma.training.sharpen._TARGETS", 8)


def vae(tiny: Config) -> Config:
    model = dataclasses.replace(tiny.model, family="vae", key_dim=ModelConfig().key_dim)
    return dataclasses.replace(tiny, model=model)


def test_golden_section_finds_a_maximum():
    places = []

    def parabola(place):
        places.append(place)
        return -((place - 0.3) ** 2)

    assert highest(parabola, -1.0, 2.0, 12) == pytest.approx(0.3, abs=3.0 * 0.618**11)
    assert len(places) == 12
    assert highest(parabola, 0.0, 0.2, 12) == pytest.approx(0.2, abs=0.2 * 0.618**11)
    assert highest(parabola, 0.4, 2.0, 12) == pytest.approx(0.4, abs=1.6 * 0.618**11)


def conv_features():
    """Of 3 entries of 8x8, at each scale of two layers."""
    random = np.random.default_rng(0)
    shapes = [(3, 8, 8, 1), (3, 4, 4, 4), (3, 4, 4, 4)]
    return [tf.constant(random.normal(size=shape), tf.float32) for shape in shapes]


@pytest.mark.parametrize(
    ("decoder", "inputs"),
    [
        (ConvDecoder(8, 2, (4, 4), hidden_units=4), [conv_features()]),
        (MLPDecoder(8, 2, (6, 5), entry_to_logits=0.5), [[tf.ones([3, 8, 8, 1])]]),
        (MLPDecoder(8, 2, (6, 5)), [[tf.ones([3, 8, 8, 1])]]),
        (PlainConvDecoder(8, 2, (4, 4)), []),
        (PlainMLPDecoder(8, 2, (6, 5)), []),
    ],
    ids=lambda value: type(value).__name__,
)
def test_logits_are_linear_in_their_layers(decoder, inputs):
    z = tf.constant(np.random.default_rng(1).normal(size=[3, 2]), tf.float32)
    decoder(z, *inputs)
    for weight in decoder.weights:
        weight.assign(weight + 0.1)
    before = decoder(z, *inputs)
    for layer in decoder.logit_layers:
        for weight in layer.weights:
            weight.assign(3.0 * weight)
    np.testing.assert_allclose(decoder(z, *inputs), 3.0 * before, rtol=1e-5, atol=1e-5)
    assert np.abs(before).max() > 0.1


@pytest.fixture
def constant(tiny):
    """A VAE whose pixels all have one logit, 1.3 times too small, and its episodes."""
    config = vae(tiny)
    model = build_model(config)
    characters = random_characters("strokes", "train")
    characters = dataclasses.replace(
        characters, drawings=(characters.drawings & np.roll(characters.drawings, 1, axis=0))
    )
    episodes = draw_to_sharpen(config, characters)
    share = np.mean([np.mean(episode["x"]) for episode in episodes.as_numpy_iterator()])
    (layer,) = model.decoder.logit_layers
    layer.kernel.assign(0.0 * layer.kernel)
    layer.bias.assign([math.log(share / (1.0 - share)) / 1.3])
    return model, episodes, share


def test_the_factor_is_the_one_that_fits_the_pixels(constant):
    model, episodes, share = constant
    before = [weight.numpy() for weight in model.weights]
    assert sharpen(model, episodes, 3) == pytest.approx(1.3, rel=0.03)
    (layer,) = model.decoder.logit_layers
    assert float(layer.bias[0]) == pytest.approx(math.log(share / (1.0 - share)), rel=0.03)
    changed = [
        weight.path
        for weight, value in zip(model.weights, before, strict=True)
        if not np.array_equal(weight, value)
    ]
    assert changed == [layer.bias.path]


def test_stopped_it_leaves_the_model_as_it_was(constant):
    model, episodes, _ = constant
    before = [weight.numpy() for weight in model.weights]
    answers = iter([False, False, True])
    assert sharpen(model, episodes, 3, stop=lambda: next(answers)) is None
    for weight, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight, value)


def test_drawings_are_taken_as_they_are(tiny):
    changed = replace_options(
        tiny,
        {
            "episodes.dataset": "gmn",
            "episodes.turned": True,
            "episodes.warped_copies": 2,
            "episodes.warped_alike": True,
        },
    )
    assert as_drawn(changed) == replace_options(tiny, {"episodes.dataset": "gmn"})


class SignalAt(io.StringIO):
    """A stream for progress that sends a signal when a text is first shown."""

    def __init__(self, text: str):
        super().__init__()
        self._text = text

    def write(self, text: str) -> int:
        if self._text and self._text in text:
            self._text = ""
            signal.raise_signal(signal.SIGTERM)
        return super().write(text)


def assert_scaled(folder, plain) -> None:
    """The logits of one run's weights are those of the other's, times one factor."""
    (sharp, _, _), (before, _, _) = load_trained(folder), load_trained(plain)
    layers = {layer.name for layer in sharp.decoder.logit_layers}
    factors = []
    for mine, theirs in zip(sharp.weights, before.weights, strict=True):
        if "decoder" in mine.path and mine.path.split("/")[-2] in layers:
            theirs = theirs.numpy()
            used = np.abs(theirs) > 1e-4
            factors.extend(mine.numpy()[used] / theirs[used])
        else:
            np.testing.assert_array_equal(mine, theirs)
    assert 0.5 < factors[0] < 2.0 and abs(factors[0] - 1.0) > 0.02
    np.testing.assert_allclose(factors, factors[0], rtol=1e-5)


@pytest.mark.usefixtures("few_characters")
def test_a_run_ends_sharpened_whenever_that_is_asked_for(tiny, tmp_path):
    plain, config = vae(tiny), replace_options(vae(tiny), {"training.sharpened_for": 5})
    train(plain, tmp_path / "plain")
    shown = io.StringIO()
    assert train(config, tmp_path / "sharp", progress=shown).finished
    assert "sharpening" in shown.getvalue() and "for K=5" in shown.getvalue()
    assert_scaled(tmp_path / "sharp", tmp_path / "plain")

    # A finished run, sharpened later and interrupted at it; and back.
    later = tmp_path / "later"
    train(plain, later)
    stopped = train(config, later, progress=SignalAt("sharpening"))
    assert (stopped.step, stopped.finished, stopped.interrupted_by) == (6, False, signal.SIGTERM)
    assert not RunFolder(later).weights.exists()
    assert train(config, later).finished
    assert read_config(RunFolder(later)) == config
    assert_scaled(later, tmp_path / "plain")
    kept = RunFolder(later).weights.read_bytes()
    assert train(config, later).finished
    assert RunFolder(later).weights.read_bytes() == kept
    assert train(plain, later).finished
    for mine, theirs in zip(
        load_trained(later)[0].weights, load_trained(tmp_path / "plain")[0].weights, strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)
