"""Procedural characters: the same everywhere, distinct, shared strokes, unsteady drawers."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from tfvma.data import strokes
from tfvma.errors import InvalidArgumentError

# Of the drawings of the first 60 training characters, seed 0.
SHA_256 = "e59ac6b19e309bb3a641eede434e86065c15dacd158373cdd8f81f0358011df2"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TFVMA_CACHE_DIR", str(tmp_path))


@pytest.fixture(scope="module")
def alphabet():
    """The first test alphabet: [30, 20, 26, 26]."""
    return strokes.draw_alphabet(0, strokes.ALPHABETS["test"][0])


def test_same_images_on_every_machine():
    drawings = strokes.load("train", num_characters=60).drawings
    assert hashlib.sha256(drawings.tobytes()).hexdigest() == SHA_256


def test_whole_test_split():
    characters = strokes.load("test")
    assert (characters.name, characters.split) == ("strokes", "test")
    assert characters.drawings.shape == (150, 20, 26, 26)
    assert characters.image_shape == (26, 26, 1)
    assert list(characters.characters) == sorted(set(characters.characters))
    ink = characters.drawings.mean(axis=(2, 3))
    assert ink.min() > 0
    # omniglot26 has 0.126 in its test split and 0.139 in its training split.
    assert 0.11 < ink.mean() < 0.15


def test_splits_share_no_alphabet():
    train = strokes.load("train", num_characters=40)
    test = strokes.load("test", num_characters=40)
    alphabets = [{name.split("_")[0] for name in part.characters} for part in (train, test)]
    assert len(alphabets[0]) == len(alphabets[1]) == 2
    assert not alphabets[0] & alphabets[1]
    assert set(strokes.ALPHABETS["train"]).isdisjoint(strokes.ALPHABETS["test"])
    assert [len(strokes.ALPHABETS[split]) for split in ("train", "test")] == [45, 5]
    images = [{image.tobytes() for image in part.drawings[:, 0]} for part in (train, test)]
    assert len(images[0]) == len(images[1]) == 40
    assert not images[0] & images[1]


def test_fewer_characters_are_the_first_of_more():
    more = strokes.load("test", num_characters=35)
    fewer = strokes.load("test", num_characters=7)
    np.testing.assert_array_equal(fewer.drawings, more.drawings[:7])
    assert fewer.characters == more.characters[:7]


def test_another_seed_is_another_world(alphabet):
    other = strokes.draw_alphabet(1, strokes.ALPHABETS["test"][0])
    assert (other != alphabet).any(axis=(2, 3)).mean() > 0.99


def test_drawings_of_a_character_differ(alphabet):
    for drawings in alphabet:
        assert len({image.tobytes() for image in drawings}) >= 18


def test_telling_characters_apart_is_neither_hopeless_nor_trivial(alphabet):
    """Pixel nearest neighbour, one drawing of each of 30 characters in memory: chance is 1/30."""
    pixels = alphabet.reshape(30, 20, -1).astype(np.float64)
    pixels /= np.linalg.norm(pixels, axis=-1, keepdims=True)
    correct = [
        (pixels[:, target] @ pixels[:, memory].T).argmax(axis=1) == np.arange(30)
        for target in range(20)
        for memory in range(20)
        if target != memory
    ]
    assert 0.15 < np.mean(correct) < 0.6


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_characters_of_an_alphabet_share_strokes_and_differ(seed):
    rng = np.random.Generator(np.random.PCG64(seed))
    style, plans = strokes.invent_alphabet(rng)
    used = [set(row[:count]) for row, count in zip(plans.stroke, plans.count, strict=True)]
    assert max(map(max, used)) < len(style.repertoire)
    assert 1 <= plans.count.min() <= plans.count.max() <= 5
    partners = [sum(bool(one & other) for other in used) - 1 for one in used]
    assert np.mean(partners) > 0.3 * 29

    steady = strokes.draw_plainly(style, plans).reshape(30, -1)
    differing = (steady[:, None] != steady).sum(axis=-1)
    assert differing[~np.eye(30, dtype=bool)].min() >= 3


@pytest.mark.parametrize("roundness", [0, 1, 4])
def test_curve_joins_the_ends_of_a_stroke(roundness):
    weights, total = strokes.curve(roundness)
    np.testing.assert_array_equal(weights.sum(axis=1), total)
    np.testing.assert_array_equal(weights[[0, -1]], total * np.eye(9)[[0, -1]])
    assert weights.min() >= 0


def test_polygon_passes_through_its_vertices_and_spline_does_not():
    vertices = np.arange(9.0) ** 2
    for roundness, passes in ((0, True), (4, False)):
        weights, total = strokes.curve(roundness)
        at_vertices = (weights @ vertices / total)[:: (len(weights) - 1) // 8]
        assert np.allclose(at_vertices, vertices) == passes


def test_ink_is_what_a_round_pen_touches():
    """A dot at (10.25, 7.25) with a radius of 26/64 touches the cells to the left and above,
    and the corner between them, 0.354 away, but not with a radius of 20/64."""
    dot = np.full((1, 2, 5, 9, 2), (10.25, 7.25))
    images = strokes.render(dot, np.array([1]), 0, np.array([[26, 20]]))
    expected = np.zeros((2, 26, 26), np.uint8)
    expected[:, 7, 10] = expected[:, 7, 9] = expected[:, 6, 10] = 1
    expected[0, 6, 9] = 1
    np.testing.assert_array_equal(images[0], expected)


def test_second_load_comes_from_the_cache(monkeypatch):
    first = strokes.load("test", seed=3, num_characters=2)

    def fail(*_):
        raise AssertionError("made again")

    monkeypatch.setattr(strokes, "draw_alphabet", fail)
    again = strokes.load("test", seed=3, num_characters=2)
    np.testing.assert_array_equal(again.drawings, first.drawings)
    with pytest.raises(AssertionError, match="made again"):
        strokes.load("test", seed=4, num_characters=2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "valid"}, r"split='valid': expected one of 'test', 'train'"),
        ({"split": "test", "num_characters": 0}, r"num_characters=0: expected at least 1"),
        ({"split": "test", "num_characters": 151}, r"num_characters=151: expected at most 150"),
        ({"split": "train", "num_characters": 2.5}, r"num_characters=2.5: expected an integer"),
        ({"split": "train", "seed": -1}, r"seed=-1: expected at least 0"),
        ({"split": "train", "seed": "0"}, r"seed='0': expected an integer"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(InvalidArgumentError, match=message):
        strokes.load(**arguments)
