"""The few-shot protocol on a scorer whose answers say what it was asked."""

from __future__ import annotations

import numpy as np
import pytest

from tests.models.tiny_latent import tiny_model
from tests.models.tiny_learned import learned_model
from tfvma.errors import DataError, DivergedError
from tfvma.evaluation.few_shot import few_shot_episodes, measure_few_shot
from tfvma.evaluation.protocols import FewShot
from tfvma.evaluation.standard_error import clustered_mean

PROTOCOL = FewShot(num_classes=5, shots=3, targets=90, num_samples=(2, 7))
SEED = 11


@pytest.fixture
def measured(scorer, characters):
    rows = measure_few_shot(scorer, PROTOCOL, characters, SEED)
    return {(row.metric, row.num_samples): row for row in rows}


@pytest.fixture
def codes(characters, number):
    """The number of every target, [episodes, targets]."""
    return np.stack(
        [number(episode["x"]) for episode in few_shot_episodes(PROTOCOL, characters, SEED)]
    )


def test_each_metric_once_per_k_it_depends_on(measured):
    assert sorted(measured, key=str) == sorted(
        [
            *((metric, k) for metric in ("nll", "kl_z", "reconstruction") for k in (2, 7)),
            ("kl_a", None),
            ("address_accuracy", None),
        ],
        key=str,
    )


def test_targets_are_rounded_up_and_counted(measured, codes):
    assert codes.shape == (5, 20)
    assert {row.targets for row in measured.values()} == {100}


@pytest.mark.parametrize("num_samples", [2, 7])
def test_nll_is_minus_the_bound_with_noise_of_its_own_in_each_episode(measured, codes, num_samples):
    offsets = num_samples + 16 * SEED + np.arange(len(codes))
    expected = clustered_mean(codes / 8.0 + offsets[:, np.newaxis])
    assert measured["nll", num_samples].estimate == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("num_samples", [2, 7])
def test_reconstruction_keeps_its_sign(measured, codes, num_samples):
    expected = clustered_mean(-codes)
    assert measured["reconstruction", num_samples].estimate == pytest.approx(expected, rel=1e-12)


def test_no_target_is_in_memory(measured):
    assert measured["kl_z", 2].estimate == (0.0, 0.0)


def test_every_target_finds_as_many_examples_of_its_character_as_there_are_shots(measured):
    assert measured["kl_a", None].estimate == (3.0, 0.0)


def test_address_accuracy_is_that_of_the_most_probable_entry(measured, codes):
    right = codes.astype(int) % 16 != 3
    assert 0.0 < right.mean() < 1.0
    expected = clustered_mean(right)
    assert measured["address_accuracy", None].estimate == pytest.approx(expected, rel=1e-12)


def test_the_same_seed_measures_the_same_and_another_does_not(scorer, characters, measured):
    again = measure_few_shot(scorer, PROTOCOL, characters, SEED)
    assert again == list(measured.values())
    assert measure_few_shot(scorer, PROTOCOL, characters, SEED + 1) != again


def test_advances_once_per_episode(scorer, characters):
    calls = []
    measure_few_shot(scorer, PROTOCOL, characters, SEED, lambda: calls.append(1))
    assert len(calls) == PROTOCOL.num_episodes


def test_a_bound_that_is_not_finite_is_an_error(scorer, characters):
    finite = scorer.score

    def diverged(x, memory, num_samples, seed):
        terms = finite(x, memory, num_samples, seed)
        return {**terms, "log_likelihood": terms["log_likelihood"] + float("nan")}

    scorer.score = diverged
    with pytest.raises(DivergedError, match="log_likelihood of episode 0 at K = 2"):
        measure_few_shot(scorer, PROTOCOL, characters, SEED)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_classes": 25}, "num_classes=25: 'omniglot26' (test) has 24 characters"),
        ({"shots": 9}, "targets_per_class=4 and shots=9 make 13"),
    ],
)
def test_more_than_the_data_has(characters, settings, message):
    with pytest.raises(DataError) as error:
        few_shot_episodes(FewShot(**settings), characters, SEED)
    assert message in str(error.value)


@pytest.mark.parametrize("name", ["learned", "soft_attention", "vae"])
def test_other_models_score_the_same_targets(characters, name):
    """With the memory of the episode, where they take one; and no metric that they do not have."""
    model = learned_model() if name == "learned" else tiny_model(name)
    protocol = FewShot(num_classes=5, shots=3, targets=40, num_samples=(2,))
    rows = measure_few_shot(model, protocol, characters, SEED)
    found = {(row.metric, row.num_samples): row for row in rows}
    expected = {("nll", 2), ("kl_z", 2), ("reconstruction", 2)}
    assert set(found) == (expected | {("kl_a", None)} if name == "learned" else expected)
    scores = [
        model.score(episode["x"], episode["memory"] if name == "soft_attention" else None, 2, seed)
        for episode, seed in zip(
            few_shot_episodes(protocol, characters, SEED), ([SEED, 0], [SEED, 1]), strict=True
        )
    ]
    nll = clustered_mean(np.stack([-terms["log_likelihood"] for terms in scores]))
    assert found["nll", 2].estimate == pytest.approx(nll, rel=1e-5)
