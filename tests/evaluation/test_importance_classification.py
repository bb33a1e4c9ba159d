"""Classification by the bound: against enumeration in float64, and on a scorer whose mistakes are
known."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.evaluation.conftest import FakeScorer, character_of, drawing_of
from tfvma.config import Config, ModelConfig
from tfvma.errors import DataError, DivergedError
from tfvma.evaluation.classification import classification_episodes
from tfvma.evaluation.importance_classification import (
    log_joint,
    log_joint_of_classes,
    measure_importance_classification,
)
from tfvma.evaluation.protocols import ImportanceClassification
from tfvma.evaluation.standard_error import clustered_mean
from tfvma.models.build import build_model
from tfvma.repeat_score import repeat_score

SIZE, SEED = 6, 3
PROTOCOL = ImportanceClassification(ways=5, shots=2, num_episodes=12, num_samples=(2, 7))
# Drawings that `OtherMistakes` takes for others.
UNLIKELY = 4


def images(count: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (random.random((count, SIZE, SIZE, 1)) < 0.4).astype(np.float32)


@pytest.fixture(scope="module")
def model():
    """With weights that are far from their initial values."""
    sizes = ModelConfig(image_size=SIZE, filters=(3, 4), hidden_units=5, latent_dim=2, key_dim=3)
    model = build_model(Config("tiny", model=sizes))
    random = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(0.5 * random.standard_normal(weight.shape))
    return model


@pytest.mark.parametrize("num_samples", [1, 5, 20])
def test_log_joint_is_what_the_primitives_give_slot_by_slot(model, num_samples):
    x, memory, seed = images(3, 1), images(4, 2), [5, -6]
    primitives = {
        name: getattr(model, name) for name in ("address", "latent_prior", "latent_posterior")
    }
    primitives["decode"] = model.decode
    log_prior = np.float64(model.address(x, memory)["log_prior"])
    expected = np.stack(
        [
            log_prior[a]
            + repeat_score(primitives, x, memory[a : a + 1], num_samples, seed)["log_likelihood"]
            for a in range(len(memory))
        ],
        axis=1,
    )
    found = log_joint(model, tf.constant(x), tf.constant(memory), tf.constant(num_samples), seed)
    assert found.shape == (3, 4)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert np.ptp(expected, axis=1).min() > 0.1


def test_the_sum_over_classes_is_that_of_their_slots():
    log_p = np.array([[-1e4, -1e4 + 1.0, -3.0, -2.0], [0.5, -80.0, 7.0, 6.5]])
    label = np.array([2, 0, 2, 0])
    found = log_joint_of_classes(tf.constant(log_p), tf.constant(label, tf.int32), 4)
    expected = np.full((2, 4), -np.inf)
    for way in (0, 2):
        expected[:, way] = np.logaddexp.reduce(log_p[:, label == way], axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-14)


class OtherMistakes(FakeScorer):
    """Its bound takes drawings number 4 for any other character, at K = 2 alone."""

    def score(self, x, memory, num_samples, seed):
        same = tf.equal(character_of(x), character_of(memory)[0])
        mistaken = tf.equal(drawing_of(x), UNLIKELY) & tf.equal(num_samples, 2)
        likely = tf.where(mistaken, ~same, same)
        return {"log_likelihood": tf.where(likely, -100.0, -105.0)}


@pytest.fixture
def measured(characters):
    rows = measure_importance_classification(OtherMistakes(), PROTOCOL, characters, SEED)
    return {(row.metric, row.num_samples): row for row in rows}


@pytest.fixture
def drawings(characters, number):
    """Which drawing each target is, [episodes, targets]."""
    drawn = classification_episodes(PROTOCOL, characters, SEED)
    return np.stack([number(episode["x"]) for episode in drawn]) % 16


def test_each_accuracy_counts_its_own_known_mistakes(measured, drawings):
    assert set(measured) == {("accuracy", None), ("accuracy_iw", 2), ("accuracy_iw", 7)}
    assert {row.targets for row in measured.values()} == {drawings.size} == {60}
    right = {
        ("accuracy", None): drawings != 3,
        ("accuracy_iw", 2): drawings != UNLIKELY,
        ("accuracy_iw", 7): drawings >= 0,
    }
    for key, values in right.items():
        assert measured[key].estimate == pytest.approx(clustered_mean(values), rel=1e-12)
    assert 0.0 < measured["accuracy", None].estimate.mean < 1.0
    assert 0.0 < measured["accuracy_iw", 2].estimate.mean < 1.0


def test_episodes_have_noise_of_their_own_and_advance(characters, monkeypatch):
    seeds, calls = [], []
    scorer = OtherMistakes()
    score = scorer.score

    def noted(x, memory, num_samples, seed):
        tf.py_function(lambda s: seeds.append(tuple(s.numpy())), [seed], [])
        return score(x, memory, num_samples, seed)

    monkeypatch.setattr(scorer, "score", noted)
    measure_importance_classification(scorer, PROTOCOL, characters, SEED, lambda: calls.append(1))
    assert len(calls) == PROTOCOL.num_episodes
    slots, ks = PROTOCOL.ways * PROTOCOL.shots, len(PROTOCOL.num_samples)
    assert sorted(seeds) == sorted((SEED, i) for i in range(12) for _ in range(slots * ks))


def test_a_bound_that_is_not_finite_is_an_error(characters, monkeypatch):
    scorer = OtherMistakes()
    score = scorer.score
    monkeypatch.setattr(
        scorer, "score", lambda *given: {"log_likelihood": score(*given)["log_likelihood"] * np.nan}
    )
    with pytest.raises(DivergedError, match="of episode 0 at K = 2 is not finite"):
        measure_importance_classification(scorer, PROTOCOL, characters, SEED)


def test_more_than_the_data_has(characters):
    with pytest.raises(DataError, match="ways=25: .omniglot26. .test. has 24"):
        classification_episodes(ImportanceClassification(25, 1, 2), characters, SEED)
