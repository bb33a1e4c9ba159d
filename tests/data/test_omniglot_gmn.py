"""The Omniglot of Generative Matching Networks, made of the drawings, beside what was released."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.data.test_omniglot import DRAWINGS, grey, write_folder
from tfvma.data import load_characters, omniglot, omniglot_gmn
from tfvma.data.preprocess import ink

RELEASED = {"train": "train_small.npz", "test": "test_small.npz"}
COUNTS = {"train": (964, 30), "test": (659, 20)}


@pytest.fixture(scope="module")
def released(omniglot_dir) -> Path:
    """A folder with the two files, in the one of tensorflow-datasets or beside it."""
    for parent in (Path(omniglot_dir), Path(omniglot_dir).absolute().parent):
        folder = parent / "omniglot_gmn"
        if all((folder / file).is_file() for file in RELEASED.values()):
            return folder
    pytest.skip(f"TFVMA_DATA_DIR={omniglot_dir!r}: no omniglot_gmn/*.npz in it or beside it")


def test_every_fourth_or_third_row_and_column_is_kept():
    drawn = np.arange(105 * 105).reshape(1, 105, 105)
    found = omniglot_gmn.subsample(drawn)
    assert found.shape == (1, 28, 28)
    for i, j in ((0, 0), (1, 2), (4, 3), (27, 26)):
        assert found[0, i, j] == drawn[0, (15 * i) // 4, (15 * j) // 4]


def test_alphabets_choose_the_split(tmp_path, monkeypatch):
    """Of a handmade folder, after the same drawings at 26x26 have been kept."""
    monkeypatch.setenv("TFVMA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(omniglot, "NUM_CHARACTERS", {"train": 4, "test": 1})
    monkeypatch.setattr(omniglot, "DRAWINGS_PER_CHARACTER", DRAWINGS)
    write_folder(tmp_path / "tfds")
    omniglot.load("test", tmp_path / "tfds")
    train, test = (load_characters("gmn", split, tmp_path / "tfds") for split in ("train", "test"))
    assert (train.name, train.split) == ("gmn", "train")
    assert train.characters == ("Aurek_0", "Greek_0", "Greek_2", "Greek_10")
    assert test.characters == ("ULOG_1",)
    expected = omniglot_gmn.subsample(np.stack([ink(grey(3, drawing)) for drawing in (1, 0, 2)]))
    np.testing.assert_array_equal(test.drawings[0], expected)


def test_real_sizes_and_order(omniglot_dir):
    for split, (characters, alphabets) in COUNTS.items():
        found = load_characters("gmn", split, omniglot_dir)
        assert found.drawings.shape == (characters, 20, 28, 28)
        names = [name.rpartition("_")[0] for name in found.characters]
        assert len(set(names)) == alphabets
        assert names == sorted(names)


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
