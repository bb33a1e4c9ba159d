"""What an image set accepts, and how one is chosen by name."""

from __future__ import annotations

import numpy as np
import pytest

from tfvma.data import binarized_mnist, omniglot28
from tfvma.data.images import ImageSet, load_images
from tfvma.errors import InvalidArgumentError


def test_sizes():
    images = ImageSet("made", "train", np.zeros([2, 4, 5], np.uint8))
    assert images.num_images == 2
    assert images.image_shape == (4, 5, 1)


def test_the_checksum_tells_images_apart():
    images, same, other = (
        ImageSet("made", "train", np.full([2, 4, 5], value, np.uint8)) for value in (0, 0, 1)
    )
    assert images.checksum == same.checksum != other.checksum


@pytest.mark.parametrize(
    ("images", "levels", "message"),
    [
        (np.zeros([2, 4, 5], np.float32), 1, "images of float32.*expected uint8"),
        (np.zeros([2, 4, 5, 1], np.uint8), 1, r"images of uint8\[2, 4, 5, 1\]: expected"),
        (np.zeros([0, 4, 5], np.uint8), 1, "no empty axis"),
        (np.full([2, 4, 5], 2, np.uint8), 1, r"values up to 2: expected 0 \(paper\) to 1 \(ink\)"),
        (np.zeros([2, 4, 5], np.uint8), 0, "levels=0: expected 1 to 255"),
    ],
)
def test_what_does_not_fit_is_refused(images, levels, message):
    with pytest.raises(InvalidArgumentError, match=message):
        ImageSet("made", "train", images, levels)


def test_every_image_is_of_a_group_or_none_is():
    pixels = np.zeros([2, 4, 5], np.uint8)
    assert ImageSet("made", "train", pixels).groups is None
    with pytest.raises(InvalidArgumentError, match="groups of shape .3.: expected .* 2 images"):
        ImageSet("made", "train", pixels, groups=np.zeros(3, int))


@pytest.mark.parametrize(
    ("name", "split", "message"),
    [
        ("mnist", "train", "name='mnist': expected one of 'binarized_mnist', 'omniglot28'"),
        ("omniglot28", "validation", "split='validation': expected one of 'test', 'train'"),
        ("binarized_mnist", "valid", "expected one of 'test', 'train', 'validation'"),
    ],
)
def test_unknown_names_are_refused(name, split, message):
    with pytest.raises(InvalidArgumentError, match=message):
        load_images(name, split)


@pytest.mark.parametrize("module", [binarized_mnist, omniglot28])
def test_a_name_chooses_its_module(module, monkeypatch):
    received = []
    monkeypatch.setattr(module, "load", lambda *given: received.append(given))
    load_images(module.__name__.rpartition(".")[2], "test", "folder")
    assert received == [("test", "folder")]


def test_static_images_have_a_name_of_their_own(monkeypatch):
    received = []
    monkeypatch.setattr(omniglot28, "load_static", lambda *given: received.append(given))
    load_images("omniglot28_static", "train", "folder")
    assert received == [("train", "folder")]
