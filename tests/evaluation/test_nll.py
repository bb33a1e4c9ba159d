"""The bound without a memory, on a scorer whose answers say what it was asked."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from tests.data.numbered_images import numbered_images, numbers
from tfvma.data.images import ImageSet
from tfvma.errors import DataError, InvalidArgumentError
from tfvma.evaluation.nll import measure_nll, targets
from tfvma.evaluation.paper import paper_note, paper_value
from tfvma.evaluation.protocols import Nll
from tfvma.evaluation.standard_error import clustered_mean, grouped_mean

SEED = 11
IMAGES = numbered_images()


class Plain:
    """log_likelihood is -K - seed[1], reconstruction minus the ink of x."""

    takes_memory = False

    def score(self, x, memory, num_samples, seed):
        assert memory is None
        ones = tf.ones([tf.shape(x)[0]])
        return {
            "log_likelihood": -ones * tf.cast(num_samples + seed[1], tf.float32),
            "kl_latent": 2.0 * ones,
            "reconstruction": -tf.reduce_sum(x, axis=(1, 2, 3)),
        }


class Learned(Plain):
    """A memory of three entries, of which the first is as probable as the two others."""

    def score(self, x, memory, num_samples, seed):
        terms = super().score(x, memory, num_samples, seed)
        return {**terms, "kl_address": x[:, 0, 0, 0]}

    def address(self, x, memory):
        assert memory is None
        return {"log_prior": tf.math.log([0.5, 0.25, 0.25])}


def measure(scorer, **settings):
    rows = measure_nll(scorer, Nll(num_samples=(2, 7), **settings), IMAGES, SEED)
    return {(row.metric, row.num_samples): row for row in rows}


def test_all_images_are_scored_once():
    measured = measure(Plain())
    metrics = [(name, k) for k in (2, 7) for name in ("nll", "kl_z", "reconstruction")]
    assert set(measured) == set(metrics)
    assert {row.targets for row in measured.values()} == {200}
    ink = clustered_mean(IMAGES.images.sum(axis=(1, 2))[:, np.newaxis])
    expected = (-ink.mean, ink.stderr)
    assert measured["reconstruction", 2].estimate == pytest.approx(expected, rel=1e-12)
    # Two slices of a hundred, each with noise of its own.
    slices = np.repeat([0.0, 1.0], 100)[:, np.newaxis]
    expected = clustered_mean(7 + slices)
    assert measured["nll", 7].estimate == pytest.approx(expected, rel=1e-12)


def test_images_of_one_group_are_no_independent_targets():
    groups = np.repeat(np.arange(40), 5)
    images = ImageSet("made", "test", IMAGES.images, groups=groups)
    ink = IMAGES.images.sum(axis=(1, 2))
    (of_all,) = [
        row
        for row in measure_nll(Plain(), Nll(num_samples=(2,)), images, SEED)
        if row.metric == "reconstruction"
    ]
    expected = clustered_mean(ink.reshape(40, 5))
    assert of_all.estimate == pytest.approx((-expected.mean, expected.stderr), rel=1e-12)
    protocol = Nll(num_samples=(2,), targets=30)
    (of_some,) = [
        row
        for row in measure_nll(Plain(), protocol, images, SEED)
        if row.metric == "reconstruction"
    ]
    chosen = numbers(targets(protocol, images, SEED).numpy())
    expected = grouped_mean(ink[chosen], groups[chosen])
    assert of_some.estimate == pytest.approx((-expected.mean, expected.stderr), rel=1e-12)


def test_a_learned_memory_has_the_entropy_of_its_prior_too():
    measured = measure(Learned())
    entropy = measured["entropy_pa", None].estimate
    assert entropy.mean == pytest.approx(1.5 * math.log(2.0), rel=1e-6)
    assert entropy.stderr == 0.0
    assert measured["kl_a", None].estimate.mean == 0.5


def test_fewer_targets_are_a_choice_without_repeats():
    chosen = numbers(targets(Nll(targets=30), IMAGES, SEED).numpy())
    assert len(set(chosen.tolist())) == 30
    again = numbers(targets(Nll(targets=30), IMAGES, SEED).numpy())
    np.testing.assert_array_equal(chosen, again)
    assert set(chosen) != set(numbers(targets(Nll(targets=30), IMAGES, SEED + 1).numpy()))
    assert {row.targets for row in measure(Plain(), targets=30).values()} == {30}


def test_grey_pixels_are_drawn_once():
    grey = ImageSet("grey", "train", np.full([3, 8, 8], 2, np.uint8), levels=4)
    x = targets(Nll(), grey, SEED)
    assert (x.shape, x.dtype) == ((3, 8, 8, 1), tf.float32)
    assert set(x.numpy().ravel().tolist()) == {0.0, 1.0}
    np.testing.assert_array_equal(x, targets(Nll(), grey, SEED))


def test_a_model_that_is_handed_a_memory_is_refused():
    scorer = Plain()
    scorer.takes_memory = True
    with pytest.raises(InvalidArgumentError, match="protocol='nll': expected a model whose memory"):
        measure(scorer)


def test_settings():
    assert (Nll().name, Nll().num_samples) == ("nll", (4, 1000))
    with pytest.raises(InvalidArgumentError, match="targets=1: expected at least 2"):
        Nll(targets=1)
    with pytest.raises(DataError, match="targets=201: 'numbered' .train. has 200 images"):
        targets(Nll(targets=201), IMAGES, SEED)


def test_the_paper_prints_the_kl_of_learned_memories():
    setting = (Nll(), "binarized_mnist", "train", "kl_a")
    assert paper_value(*setting) == 2.5
    assert "2.5 ± 0.3 for every size" in paper_note(*setting)
    assert paper_value(Nll(), "binarized_mnist", "test", "nll") is None
