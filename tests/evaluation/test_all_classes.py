"""The protocol with every character in memory, on a scorer whose answers say what it was asked."""

from __future__ import annotations

import numpy as np
import pytest

from tfvma.data.rotations import rotation
from tfvma.errors import DataError, DivergedError
from tfvma.evaluation import all_classes
from tfvma.evaluation.all_classes import measure_all_classes, num_rotations, num_targets
from tfvma.evaluation.protocols import AllClasses, AllClassesShots
from tfvma.evaluation.standard_error import clustered_mean

# Of 12 drawings 5 are left out in each rotation: 5, 5 and 2.
PROTOCOL = AllClasses(shots=7, num_samples=(2, 9))
SEED = 11
CHARACTERS, DRAWINGS, SLICE = 24, 12, 50
SLICES = (3, 3, 1)


@pytest.fixture(autouse=True)
def small_slices(monkeypatch):
    monkeypatch.setattr(all_classes, "_TARGETS_AT_ONCE", SLICE)


@pytest.fixture
def measured(scorer, characters):
    rows = measure_all_classes(scorer, PROTOCOL, characters, SEED)
    return {(row.metric, row.num_samples): row for row in rows}


@pytest.fixture
def codes(characters, number):
    """The numbers of the targets of each rotation, and of the slice that each is in."""
    found, first = [], 0
    for index, slices in enumerate(SLICES):
        code = number(rotation(characters, PROTOCOL.shots, SEED, index)["x"])
        found.append((code, first + np.arange(len(code)) // SLICE))
        first += slices
    return found


def by_character(parts) -> np.ndarray:
    """[rotations][B] to [characters, drawings]."""
    return np.concatenate([part.reshape(CHARACTERS, -1) for part in parts], axis=1)


def test_each_metric_once_per_k_it_depends_on(measured):
    assert set(measured) == {
        *((metric, k) for metric in ("nll", "kl_z", "reconstruction") for k in (2, 9)),
        ("kl_a", None),
        ("address_accuracy", None),
    }


def test_every_drawing_is_scored_once(measured, codes, characters, number):
    every = np.sort(number(characters.drawings.reshape(-1, *characters.image_shape)))
    np.testing.assert_array_equal(np.sort(np.concatenate([code for code, _ in codes])), every)
    assert {row.targets for row in measured.values()} == {CHARACTERS * DRAWINGS}
    assert measured["reconstruction", 2].estimate.mean == pytest.approx(-every.mean(), rel=1e-12)


def test_no_target_is_in_memory_and_all_others_of_its_character_are(measured):
    assert measured["kl_z", 2].estimate == (0.0, 0.0)
    assert measured["kl_a", None].estimate == (PROTOCOL.shots, 0.0)


@pytest.mark.parametrize("num_samples", [2, 9])
def test_errors_are_clustered_by_character_and_every_slice_has_its_own_noise(
    measured, codes, num_samples
):
    offset = num_samples + 16 * SEED
    values = by_character([code / 8.0 + offset + index for code, index in codes])
    assert values.shape == (CHARACTERS, DRAWINGS)
    expected = clustered_mean(values)
    assert measured["nll", num_samples].estimate == pytest.approx(expected, rel=1e-6)


def test_address_accuracy_is_that_of_the_most_probable_entry(measured, codes):
    right = by_character([code.astype(int) % 16 != 3 for code, _ in codes])
    expected = clustered_mean(right)
    assert 0.0 < expected.mean < 1.0
    assert measured["address_accuracy", None].estimate == pytest.approx(expected, rel=1e-12)


def test_some_rotations_score_some_drawings(scorer, characters):
    protocol = AllClasses(shots=7, num_samples=(2,), rotations=2)
    assert num_rotations(protocol, characters) == 2
    assert num_targets(protocol, characters) == 10 * CHARACTERS
    rows = measure_all_classes(scorer, protocol, characters, SEED)
    assert {row.targets for row in rows} == {10 * CHARACTERS}


@pytest.mark.parametrize("rotations", [None, 4])
def test_targets_are_the_same_for_all_shots(scorer, characters, rotations):
    measured = []
    for shots in (1, 4, 10):
        protocol = AllClassesShots(shots, (2,), rotations)
        rows = measure_all_classes(scorer, protocol, characters, SEED)
        values = {row.metric: row.estimate for row in rows}
        assert {row.targets for row in rows} == {num_targets(protocol, characters)}
        # How many entries show the target's character, and how many the target itself.
        assert (values.pop("kl_a"), values.pop("kl_z")) == ((shots, 0.0), (0.0, 0.0))
        measured.append(values)
    assert measured[0] == measured[1] == measured[2]
    assert num_targets(protocol, characters) == CHARACTERS * (2 * rotations if rotations else 12)


def test_advances_within_a_rotation_by_targets(scorer, characters):
    done = []
    measure_all_classes(scorer, PROTOCOL, characters, SEED, done.append)
    assert done == [50, 50, 20, 50, 50, 20, 48]
    assert sum(done) == num_targets(PROTOCOL, characters)


def test_a_bound_that_is_not_finite_is_an_error(scorer, characters):
    finite = scorer.score

    def diverged(x, memory, num_samples, seed):
        terms = finite(x, memory, num_samples, seed)
        return {**terms, "log_likelihood": terms["log_likelihood"] + float("nan")}

    scorer.score = diverged
    with pytest.raises(DivergedError, match="log_likelihood of slice 0 of targets at K = 2"):
        measure_all_classes(scorer, PROTOCOL, characters, SEED)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"shots": 12}, "shots=12: 'omniglot26' (test) has 12 drawings of each character"),
        ({"shots": 7, "rotations": 4}, "rotations=4: with shots=7 there are 3"),
        ({"shots": 7, "targets_per_class": 6}, "targets_per_class=6 and shots=7 make 13 drawings"),
    ],
)
def test_more_than_the_data_has(characters, settings, message):
    with pytest.raises(DataError) as error:
        num_targets(AllClasses(**settings), characters)
    assert message in str(error.value)
