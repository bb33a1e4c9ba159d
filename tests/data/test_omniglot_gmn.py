"""The Omniglot of Generative Matching Networks, made of the drawings, beside what was released."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tfvma.data import load_characters, omniglot, omniglot_gmn
from tfvma.data.preprocess import ink

RELEASED = {"train": "train_small.npz", "test": "test_small.npz"}
COUNTS = {"train": (964, 30), "test": (659, 20)}


@pytest.fixture(scope="module")
def released(omniglot_dir) -> Path:
    """A folder with the two files, in the one of tensorflow-datasets or beside it."""
    for parent in (Path(omniglot_dir), Path(omniglot_dir).absolute().parent):
        if (parent / "omniglot_gmn").is_dir():
            return parent / "omniglot_gmn"
    pytest.skip(f"TFVMA_DATA_DIR={omniglot_dir!r}: no omniglot_gmn in it or beside it")


def test_every_fourth_or_third_row_and_column_is_kept():
    drawn = np.arange(105 * 105).reshape(1, 105, 105)
    found = omniglot_gmn.subsample(drawn)
    assert found.shape == (1, 28, 28)
    for i, j in ((0, 0), (1, 2), (4, 3), (27, 26)):
        assert found[0, i, j] == drawn[0, (15 * i) // 4, (15 * j) // 4]


def test_real_sizes_and_order(omniglot_dir):
    names = {}
    for split, (characters, alphabets) in COUNTS.items():
        found = load_characters("gmn", split, omniglot_dir)
        assert (found.name, found.split) == ("gmn", split)
        assert found.drawings.shape == (characters, 20, 28, 28)
        names[split] = [name.rpartition("_")[0] for name in found.characters]
        assert len(set(names[split])) == alphabets
        assert names[split] == sorted(names[split])
    assert set(names["test"]) == set(omniglot_gmn.TEST_ALPHABETS)
    assert not set(names["train"]) & set(names["test"])


def test_characters_have_the_names_of_those_at_26x26(omniglot_dir):
    def names(load):
        return {
            name for split in ("train", "test") for name in load(split, omniglot_dir).characters
        }

    assert names(omniglot_gmn.load) == names(omniglot.load)


@pytest.mark.parametrize("split", sorted(RELEASED))
def test_images_are_those_that_were_released(split, omniglot_dir, released):
    """All of them; the order of the drawings of a character is another."""
    ours = load_characters("gmn", split, omniglot_dir)
    folder = {"train": "images_background", "test": "images_evaluation"}[split]
    with np.load(released / RELEASED[split], allow_pickle=False) as file:
        assert len(file.files) == ours.num_characters
        for name, drawings in zip(ours.characters, ours.drawings, strict=True):
            alphabet, _, number = name.rpartition("_")
            theirs = ink(file[f"{folder}/{alphabet}/character{int(number) + 1:02d}"])
            assert {image.tobytes() for image in theirs} == {i.tobytes() for i in drawings}, name


def test_warped_copies_are_as_thin(omniglot_dir):
    plain, copy = (omniglot_gmn.load("train", omniglot_dir, number) for number in (0, 1))
    assert copy.characters == plain.characters
    assert abs(copy.drawings.mean() / plain.drawings.mean() - 1.0) < 0.1
    assert np.mean((copy.drawings != plain.drawings).any(axis=(2, 3))) > 0.99
