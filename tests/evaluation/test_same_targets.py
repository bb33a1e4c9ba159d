"""Measurements of the same targets, on a scorer whose answers say what it was asked."""

from __future__ import annotations

import numpy as np
import pytest

from tests.evaluation.conftest import numbered_characters
from tests.models.tiny_latent import tiny_model
from tests.models.tiny_learned import learned_model
from tfvma.data.same_targets import same_targets
from tfvma.errors import DataError, DivergedError
from tfvma.evaluation.measure import amount, check_data
from tfvma.evaluation.protocols import Confounders, Table1
from tfvma.evaluation.same_targets import measure_same_targets
from tfvma.evaluation.standard_error import grouped_mean

# 24 characters of 12 drawings: 28 turns are one round, in groups of 5, and 4 turns of a second.
PROTOCOL = Confounders(num_classes=5, shots=3, targets=110, num_samples=(2, 7))
SEED = 11
SIZES = (20, 20, 20, 20, 16, 16)


@pytest.fixture
def measured(scorer, characters):
    rows = measure_same_targets(scorer, PROTOCOL, characters, SEED)
    return {(row.metric, row.num_samples): row for row in rows}


@pytest.fixture
def drawn(characters) -> list[dict]:
    return list(
        same_targets(
            characters, num_classes=5, targets_per_class=4, shots=3, num_turns=28, seed=SEED
        )
    )


@pytest.fixture
def codes(drawn, number) -> np.ndarray:
    return np.concatenate([number(episode["x"]) for episode in drawn])


def test_each_metric_once_per_k_it_depends_on(measured):
    assert set(measured) == {
        *((metric, k) for metric in ("nll", "kl_z", "reconstruction") for k in (2, 7)),
        ("kl_a", None),
        ("address_accuracy", None),
    }


def test_targets_are_rounded_up_and_counted(measured, codes, characters):
    assert {row.targets for row in measured.values()} == {len(codes)} == {112}
    assert amount(PROTOCOL, characters) == (112, "target")


@pytest.mark.parametrize("num_samples", [2, 7])
def test_errors_are_clustered_by_character_and_every_episode_has_its_own_noise(
    measured, codes, num_samples
):
    offset = num_samples + 16 * SEED + np.repeat(np.arange(len(SIZES)), SIZES)
    expected = grouped_mean(codes / 8.0 + offset, codes // 16)
    assert measured["nll", num_samples].estimate == pytest.approx(expected, rel=1e-6)
    assert measured["reconstruction", num_samples].estimate == pytest.approx(
        grouped_mean(-codes, codes // 16), rel=1e-6
    )


def test_examples_of_the_target_are_in_memory_and_it_is_not(measured):
    assert measured["kl_z", 2].estimate == (0.0, 0.0)
    assert measured["kl_a", None].estimate == (PROTOCOL.shots, 0.0)


def test_address_accuracy_is_that_of_the_most_probable_entry(measured, codes):
    expected = grouped_mean(codes % 16 != 3, codes // 16)
    assert 0.0 < expected.mean < 1.0
    assert measured["address_accuracy", None].estimate == pytest.approx(expected, rel=1e-12)


def test_means_are_equal_where_the_memory_tells_nothing(scorer, characters):
    found = []
    for num_classes, shots in ((1, 1), (2, 8), (16, 4), (24, 3)):
        protocol = Confounders(num_classes, shots, 110, (2,))
        rows = measure_same_targets(scorer, protocol, characters, SEED)
        found.append({row.metric: row for row in rows}["reconstruction"].estimate)
    assert found[1:] == [pytest.approx(found[0], rel=1e-12)] * 3


def test_advances_by_the_targets_of_each_episode(scorer, characters):
    done = []
    measure_same_targets(scorer, PROTOCOL, characters, SEED, done.append)
    assert tuple(done) == SIZES


def test_two_characters_at_least(scorer, characters):
    rows = measure_same_targets(scorer, Table1(1, 2, 1, (2,)), characters, SEED)
    assert {row.targets for row in rows} == {2}
    with pytest.raises(DataError, match=r"has 1 character: expected at least 2, without which"):
        check_data(Confounders(1, 1), numbered_characters(1))


@pytest.mark.parametrize("name", ["learned", "soft_attention", "vae"])
def test_other_models_score_the_same_targets(characters, drawn, name):
    """With the memory of the episode, where they take one; and no metric that they do not have."""
    model = learned_model() if name == "learned" else tiny_model(name)
    rows = measure_same_targets(model, PROTOCOL, characters, SEED)
    found = {(row.metric, row.num_samples): row for row in rows}
    expected = {(metric, k) for metric in ("nll", "kl_z", "reconstruction") for k in (2, 7)}
    assert set(found) == (expected | {("kl_a", None)} if name == "learned" else expected)
    nll = [
        -model.score(
            episode["x"], episode["memory"] if name == "soft_attention" else None, 2, [SEED, i]
        )["log_likelihood"]
        for i, episode in enumerate(drawn)
    ]
    character = np.concatenate([episode["character"] for episode in drawn])
    expected = grouped_mean(np.concatenate(nll), character)
    assert found["nll", 2].estimate == pytest.approx(expected, rel=1e-5)


def test_a_bound_that_is_not_finite_is_an_error(scorer, characters):
    finite = scorer.score

    def diverged(x, memory, num_samples, seed):
        terms = finite(x, memory, num_samples, seed)
        return {**terms, "kl_latent": terms["kl_latent"] + np.float32("nan")}

    scorer.score = diverged
    with pytest.raises(DivergedError, match="kl_latent of episode 0 at K = 2 is not finite"):
        measure_same_targets(scorer, PROTOCOL, characters, SEED)
