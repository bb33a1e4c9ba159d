"""The recall protocol on a scorer whose answers say what it was asked."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.data.numbered_images import numbered_images, numbers
from tfvma.errors import DataError, DivergedError, InvalidArgumentError
from tfvma.evaluation.paper import paper_note, paper_value
from tfvma.evaluation.protocols import Recall
from tfvma.evaluation.recall import measure_recall, recall_episode
from tfvma.evaluation.standard_error import clustered_mean

SEED = 11
PROTOCOL = Recall(memory_size=150, num_samples=(2, 7))
IMAGES = numbered_images()


def matches(x, memory) -> tf.Tensor:
    """Which entries are x, [B, M]."""
    return tf.reduce_all(tf.equal(x[:, tf.newaxis], memory), axis=(2, 3, 4))


class LookUp:
    """Finds itself in memory, but every image with an odd number finds the slot after it.

    score: log_likelihood is -K - seed[1]; kl_address how often x is in memory; kl_latent the
    number of entries; reconstruction minus the ink of x.
    """

    def score(self, x, memory, num_samples, seed):
        ones = tf.ones([tf.shape(x)[0]])
        return {
            "log_likelihood": -ones * tf.cast(num_samples + seed[1], tf.float32),
            "kl_address": tf.reduce_sum(tf.cast(matches(x, memory), tf.float32), axis=1),
            "kl_latent": ones * tf.cast(tf.shape(memory)[0], tf.float32),
            "reconstruction": -tf.reduce_sum(x, axis=(1, 2, 3)),
        }

    def address(self, x, memory):
        found = tf.cast(matches(x, memory), tf.float32)
        odd = tf.cast(x[:, 0, 0, 0], tf.bool)[:, tf.newaxis]
        return {"log_posterior": tf.where(odd, tf.roll(found, 1, axis=1), found)}


@pytest.fixture(scope="module")
def memory() -> np.ndarray:
    return recall_episode(PROTOCOL, IMAGES, SEED)["memory"].numpy()


@pytest.fixture(scope="module")
def measured():
    rows = measure_recall(LookUp(), PROTOCOL, IMAGES, SEED)
    assert {row.targets for row in rows} == {150}
    return {(row.metric, row.num_samples): row.estimate for row in rows}


def test_every_image_in_memory_is_a_target_once(measured, memory):
    assert measured["kl_a", None] == (1.0, 0.0)
    assert measured["kl_z", 2] == (150.0, 0.0)
    ink = clustered_mean(memory.sum(axis=(1, 2, 3))[:, np.newaxis])
    assert measured["reconstruction", 7] == pytest.approx((-ink.mean, ink.stderr), rel=1e-12)


@pytest.mark.parametrize("num_samples", [2, 7])
def test_each_slice_of_targets_has_noise_of_its_own(measured, num_samples):
    slices = np.repeat([0.0, 1.0, 2.0], [64, 64, 22])
    expected = clustered_mean(num_samples + slices[:, np.newaxis])
    assert measured["nll", num_samples] == pytest.approx(expected, rel=1e-12)


def test_the_address_is_right_where_it_is_the_slot_of_the_target(measured, memory):
    even = numbers(memory) % 2 == 0
    expected = clustered_mean(even[:, np.newaxis])
    assert measured["address_accuracy", None] == pytest.approx(expected, rel=1e-12)


def test_advances_by_targets():
    advanced = []
    measure_recall(LookUp(), PROTOCOL, IMAGES, SEED, advanced.append)
    assert advanced == [64, 64, 22]


def test_more_than_the_data_has():
    with pytest.raises(DataError, match="memory_size=2048: 'numbered' .train. has 200 images"):
        recall_episode(Recall(), IMAGES, SEED)


def test_a_bound_that_is_not_finite_is_an_error(monkeypatch):
    monkeypatch.setattr(LookUp, "score", lambda *_: {"log_likelihood": tf.constant([float("nan")])})
    with pytest.raises(DivergedError, match="slice 0 of targets at K = 2"):
        measure_recall(LookUp(), PROTOCOL, IMAGES, SEED)


def test_settings():
    assert (Recall().name, Recall().num_samples) == ("recall M=2048", (4, 1000))
    with pytest.raises(InvalidArgumentError, match="memory_size=1: expected at least 2"):
        Recall(memory_size=1)
    with pytest.raises(InvalidArgumentError, match="num_samples=0"):
        Recall(num_samples=(0,))


def test_the_paper_prints_log_m_for_two_sizes():
    figures = {
        size: paper_value(Recall(memory_size=size), "binarized_mnist", "test", "nll")
        for size in (256, 512, 2_048)
    }
    assert figures == {256: 5.55, 512: None, 2_048: 7.62}
    assert paper_value(Recall(), "binarized_mnist", "test", "kl_z") is None


def test_what_the_paper_says_of_recall_is_noted():
    few, many = (
        paper_note(Recall(memory_size=size), "binarized_mnist", "test", "nll")
        for size in (256, 2_048)
    )
    assert "in training, with training images" in few and "with test images" in many
    assert paper_note(Recall(), "binarized_mnist", "test", "kl_z") == ""
