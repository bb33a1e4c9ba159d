"""Warped copies are further characters, made of the drawings at their own size."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tfvma.config import _WARPED
from tfvma.data import omniglot, strokes, warped
from tfvma.data.characters import CharacterSet
from tfvma.data.warped import with_warped_copies
from tfvma.errors import InvalidArgumentError
from tfvma.presets import get_preset
from tfvma.training.run import load_source


def make(copy: int) -> CharacterSet:
    drawings = np.random.default_rng(copy).integers(0, 2, [2, 3, 4, 4], dtype=np.uint8)
    return CharacterSet("omniglot26", "train", drawings, ("A_0", "A_1"))


def test_copies_follow_the_characters(monkeypatch):
    asked = []

    def load(split, data_dir, copy):
        asked.append((split, data_dir, copy))
        return make(copy)

    monkeypatch.setitem(warped._LOADERS, "omniglot26", load)
    result = with_warped_copies(make(0), 2, "somewhere")
    assert asked == [("train", "somewhere", 1), ("train", "somewhere", 2)]
    np.testing.assert_array_equal(
        result.drawings, np.concatenate([make(copy).drawings for copy in range(3)])
    )
    assert result.characters == (
        *("A_0", "A_1"),
        *("A_0_warped1", "A_1_warped1"),
        *("A_0_warped2", "A_1_warped2"),
    )


def test_what_a_run_accepts_can_be_warped():
    assert set(_WARPED) == set(warped._LOADERS)


def test_only_of_drawings_at_their_own_size():
    with pytest.raises(InvalidArgumentError, match="name='strokes': expected one of 'gmn', 'omni"):
        with_warped_copies(strokes.load("train"), 1)


def test_those_to_train_on_are_warped_and_those_held_out_are_not(omniglot_dir):
    config = get_preset("omniglot26_vma_4shot")
    drawn = dataclasses.replace(config.episodes, warped_copies=1, turned=True)
    config, plain = dataclasses.replace(config, episodes=drawn), config
    train, test = (load_source(config, split, omniglot_dir) for split in ("train", "test"))
    as_they_are = load_source(plain, "train", omniglot_dir)
    assert train.num_characters == 4 * 2 * as_they_are.num_characters
    assert train.characters[1479] == f"{as_they_are.characters[0]}_warped1"
    assert train.characters[-1].endswith("_warped1_270")
    assert test.checksum == load_source(plain, "test", omniglot_dir).checksum


def test_real_drawings_are_all_warped(omniglot_dir):
    plain, copy = (omniglot.load("test", omniglot_dir, number) for number in (0, 1))
    assert copy.characters == plain.characters and copy.drawings.shape == plain.drawings.shape
    ink, of_copy = (each.drawings.reshape(-1, 26 * 26).astype(np.float64) for each in (plain, copy))
    # As much ink, to a tenth, and in other places.
    assert abs(of_copy.mean() / ink.mean() - 1.0) < 0.1
    assert np.mean((ink != of_copy).any(axis=1)) > 0.99
    first = omniglot.load("test", omniglot_dir, 1)
    np.testing.assert_array_equal(first.drawings, copy.drawings)
    assert omniglot.load("test", omniglot_dir, 2).checksum != copy.checksum
