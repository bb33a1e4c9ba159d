"""What a character set accepts, and how one is chosen by name."""

from __future__ import annotations

import numpy as np
import pytest

from tfvma.data import omniglot, omniglot_gmn, strokes
from tfvma.data.characters import CharacterSet, load_characters
from tfvma.errors import InvalidArgumentError


def make(drawings, characters=("A_0", "A_1")):
    return CharacterSet("made", "train", drawings, characters)


def test_sizes():
    characters = make(np.zeros([2, 3, 4, 5], np.uint8))
    assert characters.num_characters == 2
    assert characters.drawings_per_character == 3
    assert characters.image_shape == (4, 5, 1)


@pytest.mark.parametrize(
    ("drawings", "message"),
    [
        (np.zeros([2, 3, 4, 5], np.float32), "drawings of float32.*expected uint8"),
        (np.zeros([2, 3, 4], np.uint8), r"drawings of uint8\[2, 3, 4\]: expected"),
        (np.zeros([2, 0, 4, 5], np.uint8), "no empty axis"),
        (np.full([2, 3, 4, 5], 255, np.uint8), "values up to 255: expected 0"),
        (np.zeros([3, 3, 4, 5], np.uint8), "2 names: expected one for each of 3"),
    ],
)
def test_what_does_not_fit_is_refused(drawings, message):
    with pytest.raises(InvalidArgumentError, match=message):
        make(drawings)


@pytest.mark.parametrize(
    ("name", "split", "message"),
    [
        (
            "omniglot",
            "train",
            "name='omniglot': expected one of 'gmn', 'omniglot26', 'omniglot26_tuning', 'strokes'",
        ),
        ("strokes", "valid", "split='valid': expected one of 'test', 'train'"),
    ],
)
def test_unknown_names_are_refused(name, split, message):
    with pytest.raises(InvalidArgumentError, match=message):
        load_characters(name, split)


@pytest.mark.parametrize(
    ("name", "module", "arguments"),
    [
        ("omniglot26", omniglot, ("test", "folder")),
        ("gmn", omniglot_gmn, ("test", "folder")),
        ("strokes", strokes, ("test",)),
    ],
)
def test_a_name_chooses_its_module(name, module, arguments, monkeypatch):
    received = []
    monkeypatch.setattr(module, "load", lambda *given: received.append(given))
    load_characters(name, "test", "folder")
    assert received == [arguments]
