"""Classification on a scorer whose mistakes are known."""

from __future__ import annotations

import numpy as np
import pytest

from tfvma.evaluation.classification import classification_episodes, measure_classification
from tfvma.evaluation.protocols import Classification
from tfvma.evaluation.standard_error import clustered_mean

PROTOCOL = Classification(ways=5, shots=2, num_episodes=12)
SEED = 3


def test_accuracy_counts_the_known_mistakes(scorer, characters, number):
    drawn = classification_episodes(PROTOCOL, characters, SEED)
    right = np.stack([number(episode["x"]) % 16 != 3 for episode in drawn])
    assert 0.0 < right.mean() < 1.0
    (measured,) = measure_classification(scorer, PROTOCOL, characters, SEED)
    assert (measured.metric, measured.num_samples, measured.targets) == ("accuracy", None, 300)
    assert measured.estimate == pytest.approx(clustered_mean(right), rel=1e-12)


def test_targets_are_other_drawings_of_the_characters_in_memory(characters, number):
    for episode in classification_episodes(PROTOCOL, characters, SEED):
        targets, memory = number(episode["x"]), number(episode["memory"])
        assert not set(targets) & set(memory)
        assert len(set(targets)) == 25
        assert len(set(memory)) == 10
        assert set(targets // 16) == set(memory // 16)


def test_advances_once_per_episode(scorer, characters):
    calls = []
    measure_classification(scorer, PROTOCOL, characters, SEED, lambda: calls.append(1))
    assert len(calls) == PROTOCOL.num_episodes
