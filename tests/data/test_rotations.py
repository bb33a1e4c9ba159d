"""Rotations: every drawing is a target once, and never in memory then."""

from __future__ import annotations

import numpy as np
import pytest

from tfvma.data.characters import CharacterSet
from tfvma.data.rotations import count_rotations, rotation
from tfvma.errors import DataError, InvalidArgumentError

CHARACTERS, DRAWINGS = 5, 20
SIZE = 7


def numbered() -> CharacterSet:
    """Drawings whose first seven pixels spell their number, 0 to 99."""
    number = np.arange(CHARACTERS * DRAWINGS)
    drawings = np.zeros((len(number), SIZE * SIZE), np.uint8)
    drawings[:, :7] = (number[:, np.newaxis] >> np.arange(7)) & 1
    return CharacterSet(
        "omniglot26",
        "test",
        drawings.reshape(CHARACTERS, DRAWINGS, SIZE, SIZE),
        tuple(f"Numbered_{i}" for i in range(CHARACTERS)),
    )


def numbers(images) -> np.ndarray:
    return np.int64(np.reshape(images, [len(images), -1])[:, :7] @ (1 << np.arange(7)))


def all_rotations(shots: int, seed: int = 3) -> list[dict]:
    characters = numbered()
    return [
        rotation(characters, shots, seed, index)
        for index in range(count_rotations(characters, shots))
    ]


@pytest.mark.parametrize(("shots", "count"), [(18, 10), (19, 20), (10, 2), (1, 2), (17, 7), (5, 2)])
def test_every_drawing_is_a_target_once_and_then_not_in_memory(shots, count):
    rotations = all_rotations(shots)
    assert len(rotations) == count
    targets = np.concatenate([numbers(episode["x"]) for episode in rotations])
    np.testing.assert_array_equal(np.sort(targets), np.arange(CHARACTERS * DRAWINGS))
    for episode in rotations:
        memory = numbers(episode["memory"])
        assert len(memory) == len(set(memory)) == CHARACTERS * shots
        assert not set(memory) & set(numbers(episode["x"]))


@pytest.mark.parametrize("index", [0, 4, 6])
def test_more_shots_have_the_same_targets_and_keep_what_is_in_memory(index):
    """Of 3 targets each there are 7 rotations; the last has 2."""
    characters, memory = numbered(), set()
    assert count_rotations(characters, 1, 3) == count_rotations(characters, 17, 3) == 7
    targets = numbers(rotation(characters, 17, 3, index, 3)["x"])
    assert len(targets) == CHARACTERS * (2 if index == 6 else 3)
    for shots in (1, 4, 17):
        episode = rotation(characters, shots, 3, index, 3)
        np.testing.assert_array_equal(numbers(episode["x"]), targets)
        assert memory < set(numbers(episode["memory"]))
        memory = set(numbers(episode["memory"]))
        assert not memory & set(targets)
        assert len(memory) == CHARACTERS * shots


def test_with_few_targets_each_drawing_is_one_once_too():
    drawn = [numbers(rotation(numbered(), 5, 3, index, 3)["x"]) for index in range(7)]
    np.testing.assert_array_equal(np.sort(np.concatenate(drawn)), np.arange(CHARACTERS * DRAWINGS))


@pytest.mark.parametrize("shots", [18, 17])
def test_labels_and_order_are_by_character(shots):
    for episode in all_rotations(shots):
        for images, label in (("x", "x_label"), ("memory", "memory_label")):
            assert episode[images].dtype == np.float32
            np.testing.assert_array_equal(numbers(episode[images]) // DRAWINGS, episode[label])
            assert np.all(np.diff(episode[label]) >= 0)
        np.testing.assert_array_equal(np.bincount(episode["memory_label"]), [shots] * CHARACTERS)


def test_the_seed_decides_the_order():
    first, same, other = (numbers(all_rotations(18, seed)[0]["x"]) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, same)
    assert np.any(first != other)
    # The drawings of one character are not in the order of the next.
    assert len({tuple(pair) for pair in first.reshape(CHARACTERS, 2) % DRAWINGS}) > 1


def test_what_cannot_be_rotated():
    characters = numbered()
    with pytest.raises(InvalidArgumentError, match="shots=0: expected at least 1"):
        count_rotations(characters, 0)
    with pytest.raises(DataError, match="shots=20: 'omniglot26' .test. has 20 drawings of each"):
        count_rotations(characters, 20)
    for index in (-1, 10):
        with pytest.raises(InvalidArgumentError, match=f"index={index}: expected 0 to 9"):
            rotation(characters, 18, 0, index)
