"""Targets with and without their character in memory, on a scorer of which all is known."""

from __future__ import annotations

import numpy as np
import pytest

from tests.evaluation.conftest import character_of, drawing_of
from tfvma.errors import DataError
from tfvma.evaluation.protocols import UnknownClass, choose_protocols
from tfvma.evaluation.roc import roc_area
from tfvma.evaluation.standard_error import clustered_mean
from tfvma.evaluation.unknown_class import measure_unknown_class, unknown_class_episodes

CLASSES, SHOTS, TARGETS = 5, 3, 4
PROTOCOL = UnknownClass(num_classes=CLASSES, shots=SHOTS, targets=90, num_samples=(2, 7))
SEED = 11
# What the bound of this scorer is better by where the character is in memory.
GAIN = 6.0


@pytest.fixture
def better(scorer):
    """The scorer with a bound that is better where the character is in memory."""
    alike = scorer.score

    def score(x, memory, num_samples, seed):
        terms = alike(x, memory, num_samples, seed)
        gain = GAIN * terms["kl_address"] / SHOTS
        return {**terms, "log_likelihood": terms["log_likelihood"] + gain}

    scorer.score = score
    return scorer


@pytest.fixture
def measured(better, characters):
    rows = measure_unknown_class(better, PROTOCOL, characters, SEED)
    return {(row.metric, row.num_samples): row for row in rows}


@pytest.fixture
def nll(characters, number) -> np.ndarray:
    """-L_K without K and without the gain, [episodes, targets]."""
    drawn = unknown_class_episodes(PROTOCOL, characters, SEED)
    return np.stack(
        [number(episode["x"]) / 8.0 + 16 * SEED + index for index, episode in enumerate(drawn)]
    )


def test_one_memory_has_the_character_and_the_other_none_of_them(characters):
    drawn = list(unknown_class_episodes(PROTOCOL, characters, SEED))
    assert len(drawn) == PROTOCOL.num_episodes == 5
    for episode in drawn:
        targets, known, unknown = (
            character_of(episode[name]).numpy() for name in ("x", "known", "unknown")
        )
        np.testing.assert_array_equal(targets[::TARGETS], known[::SHOTS])
        assert len(targets) == CLASSES * TARGETS
        assert len(known) == len(unknown) == CLASSES * SHOTS
        assert len(set(unknown)) == CLASSES
        assert not set(targets) & set(unknown)
        drawings = {*zip(targets, drawing_of(episode["x"]).numpy(), strict=True)}
        entries = {*zip(known, drawing_of(episode["known"]).numpy(), strict=True)}
        assert not drawings & entries


def test_each_metric_once_per_k_it_depends_on(measured):
    exact = ("kl_a_known", "kl_a_unknown", "entropy_qa_known", "entropy_qa_unknown", "auc_entropy")
    of_samples = ("nll_known", "nll_unknown", "auc")
    assert set(measured) == {
        *((metric, None) for metric in exact),
        *((metric, count) for metric in of_samples for count in (2, 7)),
    }
    assert {row.targets for key, row in measured.items() if "auc" not in key[0]} == {100}
    assert measured["auc", 2].targets == 200


def test_divergence_and_entropy_are_those_of_the_closed_form(measured):
    """q(a | x) is even over the entries of one character, and else over all."""
    assert measured["kl_a_known", None].estimate == (SHOTS, 0.0)
    assert measured["kl_a_unknown", None].estimate == (0.0, 0.0)
    size = CLASSES * SHOTS
    assert measured["entropy_qa_unknown", None].estimate.mean == pytest.approx(np.log(size))
    rest = 1e-3 * (size - SHOTS)
    q = np.array([1.0] * SHOTS + [1e-3] * (size - SHOTS)) / (SHOTS + rest)
    assert measured["entropy_qa_known", None].estimate.mean == pytest.approx(
        -np.sum(q * np.log(q)), rel=1e-6
    )
    assert measured["auc_entropy", None].estimate == (1.0, 0.0)


@pytest.mark.parametrize("num_samples", [2, 7])
def test_bounds_and_their_area(measured, nll, num_samples):
    known, unknown = nll + num_samples - GAIN, nll + num_samples
    for memory, values in (("known", known), ("unknown", unknown)):
        estimate = measured[f"nll_{memory}", num_samples].estimate
        assert estimate == pytest.approx(clustered_mean(values), rel=1e-6)
    area = roc_area(-known, -unknown)
    assert 0.5 < area.mean < 1.0
    assert measured["auc", num_samples].estimate == pytest.approx(area, rel=1e-6)


def test_a_bound_that_is_the_same_tells_nothing(scorer, characters):
    rows = measure_unknown_class(scorer, PROTOCOL, characters, SEED)
    (area, *_) = (row.estimate for row in rows if row.metric == "auc")
    assert area == pytest.approx((0.5, 0.0), abs=1e-12)


def test_advances_once_per_episode(scorer, characters):
    calls = []
    measure_unknown_class(scorer, PROTOCOL, characters, SEED, lambda: calls.append(1))
    assert len(calls) == PROTOCOL.num_episodes


def test_twice_as_many_characters_are_needed(characters):
    assert unknown_class_episodes(UnknownClass(num_classes=12), characters, 0) is not None
    with pytest.raises(DataError, match=r"num_classes=13: .* has 24 characters, .* twice as many"):
        unknown_class_episodes(UnknownClass(num_classes=13), characters, 0)


def test_the_protocol_has_names_of_its_own():
    (protocol,) = choose_protocols("unknown_class")
    assert protocol == UnknownClass(8, 4, 2_048, (4,))
    assert protocol.name == "unknown_class C=8 S=4"
