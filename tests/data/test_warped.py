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

    def load(split, data_dir, copy, alike):
        asked.append((split, data_dir, copy, alike))
        return make(copy)

    monkeypatch.setitem(warped._LOADERS, "omniglot26", load)
    result = with_warped_copies(make(0), 2, "somewhere")
    assert asked == [("train", "somewhere", 1, False), ("train", "somewhere", 2, False)]
    np.testing.assert_array_equal(
        result.drawings, np.concatenate([make(copy).drawings for copy in range(3)])
    )
    assert result.characters == (
        *("A_0", "A_1"),
        *("A_0_warped1", "A_1_warped1"),
        *("A_0_warped2", "A_1_warped2"),
    )


def test_copies_are_of_the_characters_that_came(monkeypatch):
    """Of the second of two alone, so that nothing comes in that was held out."""
    monkeypatch.setitem(warped._LOADERS, "omniglot26", lambda split, data_dir, copy, alike: make(1))
    second = dataclasses.replace(make(0), drawings=make(0).drawings[1:], characters=("A_1",))
    result = with_warped_copies(second, 1)
    assert result.characters == ("A_1", "A_1_warped1")
    np.testing.assert_array_equal(result.drawings[1], make(1).drawings[1])


@pytest.mark.parametrize(
    ("changes", "copies", "message"),
    [
        ({"characters": ("A_0", "A_0_90")}, 1, "characters with 'A_0_90': expected.*turned"),
        ({}, -1, "copies=-1: expected at least 0"),
    ],
)
def test_copies_that_cannot_be_made(monkeypatch, changes, copies, message):
    monkeypatch.setitem(warped._LOADERS, "omniglot26", lambda split, data_dir, copy, alike: make(1))
    with pytest.raises(InvalidArgumentError, match=message):
        with_warped_copies(dataclasses.replace(make(0), **changes), copies)


@pytest.mark.parametrize("name", sorted(warped._LOADERS))
def test_alike_is_asked_of_every_copy(name, monkeypatch):
    asked = []

    def load(split, data_dir, copy, alike):
        asked.append(alike)
        return make(copy)

    monkeypatch.setitem(warped._LOADERS, name, load)
    with_warped_copies(dataclasses.replace(make(0), name=name), 2, alike=True)
    assert asked == [True, True]


def test_alike_is_one_way_for_the_drawings_of_a_character(monkeypatch, tmp_path):
    """Two characters, each three times the same drawing."""
    grey = np.full([6, 105, 105], 255, dtype=np.uint8)
    grey[:3, 20:60, 40:50] = 0
    grey[3:, 30:80, 30:70] = 0

    def read(folder, reduce):
        drawings = reduce(grey)
        return {"drawings": drawings.reshape(2, 3, *drawings.shape[1:])}

    def load(copy, alike):
        return omniglot.load_reduced("test", lambda drawn: drawn, None, copy, alike)["drawings"]

    monkeypatch.setattr(omniglot, "read_drawings", read)
    monkeypatch.setattr(omniglot.TfdsSource, "find", lambda source, data_dir: tmp_path)
    monkeypatch.setattr(omniglot.TfdsSource, "fingerprint", lambda source, folder: "x")
    monkeypatch.setattr(omniglot, "cached_arrays", lambda key, make: make())
    plain, own, alike = load(0, False), load(1, False), load(1, True)
    for character in range(2):
        first, *others = alike[character]
        assert (first != plain[character, 0]).any()
        for other in others:
            np.testing.assert_array_equal(other, first)
        assert (own[character, 1] != own[character, 0]).any()
    # Each character in a way of its own, and each copy in others.
    shapes = [np.argwhere(alike[character, 0]).mean(axis=0) for character in range(2)]
    before = [np.argwhere(plain[character, 0]).mean(axis=0) for character in range(2)]
    assert np.abs((shapes[0] - before[0]) - (shapes[1] - before[1])).max() > 0.5
    assert (load(2, True) != alike).any()


def test_copies_of_either_kind_are_kept_apart(monkeypatch, tmp_path):
    keys = []
    monkeypatch.setattr(omniglot.TfdsSource, "find", lambda source, data_dir: tmp_path)
    monkeypatch.setattr(omniglot.TfdsSource, "fingerprint", lambda source, folder: "x")
    monkeypatch.setattr(omniglot, "cached_arrays", lambda key, make: keys.append(key))
    for copy, alike in ((0, False), (0, True), (1, False), (1, True), (2, True)):
        omniglot.load_reduced("test", lambda drawn: drawn, None, copy, alike)
    assert len(set(keys)) == 4 and keys[0] == keys[1]


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
