from __future__ import annotations

import numpy as np
import pytest

from tfvma.data import omniglot28
from tfvma.data.image_source import resample


@pytest.fixture
def three_characters(monkeypatch) -> np.ndarray:
    """Drawings of three characters, in the place of all."""
    drawings = np.random.default_rng(0).integers(0, 256, [3, 20, 28, 28], dtype=np.uint8)
    monkeypatch.setattr(omniglot28, "cached_arrays", lambda key, build: {"drawings": drawings})
    monkeypatch.setattr(type(omniglot28.SOURCE), "find", lambda self, data_dir: None)
    monkeypatch.setattr(type(omniglot28.SOURCE), "fingerprint", lambda self, folder: "")
    return drawings


def test_training_images_are_the_grey_first_fifteen_drawings(three_characters):
    train = omniglot28.load("train")
    np.testing.assert_array_equal(train.images.reshape(3, 15, 28, 28), three_characters[:, :15])
    assert train.levels == 255
    np.testing.assert_array_equal(train.groups, np.repeat([0, 1, 2], 15))


def test_test_images_are_the_others_drawn_once(three_characters):
    test, again = omniglot28.load("test"), omniglot28.load("test")
    assert test.levels == 1
    expected = resample(three_characters[:, 15:].reshape(-1, 28, 28), 255, [0, 0])
    np.testing.assert_array_equal(test.images, expected)
    np.testing.assert_array_equal(test.images, again.images)
    np.testing.assert_array_equal(test.groups, np.repeat([0, 1, 2], 5))


def test_static_images_are_drawn_once_in_training_too(three_characters):
    train, again = omniglot28.load_static("train"), omniglot28.load_static("train")
    assert (train.name, train.split, train.levels) == ("omniglot28_static", "train", 1)
    expected = resample(three_characters[:, :15].reshape(-1, 28, 28), 255, [1, 0])
    np.testing.assert_array_equal(train.images, expected)
    np.testing.assert_array_equal(train.images, again.images)
    np.testing.assert_array_equal(train.groups, np.repeat([0, 1, 2], 15))
    test = omniglot28.load_static("test")
    assert (test.name, test.split) == ("omniglot28_static", "test")
    np.testing.assert_array_equal(test.images, omniglot28.load("test").images)


def test_grey_is_the_share_of_ink():
    """A pixel of the small image covers 3.75 x 3.75 of the scan."""
    scan = np.full([1, 105, 105], 255, np.uint8)
    scan[0, :15, :30] = 0
    expected = np.zeros([28, 28])
    expected[:4, :8] = 255
    np.testing.assert_array_equal(omniglot28._reduce(scan)[0], expected)
    scan[0, :15, 30] = 0
    expected[:4, 8] = round(255 / 3.75)
    np.testing.assert_array_equal(omniglot28._reduce(scan)[0], expected)


def test_real_sizes(omniglot_dir):
    train, test = (omniglot28.load(split, omniglot_dir) for split in ("train", "test"))
    assert train.images.shape == (24_345, 28, 28)
    assert test.images.shape == (8_115, 28, 28)
    assert abs(train.images.mean() / 255 - test.images.mean()) < 0.001


def test_entropy_of_the_training_images(omniglot_dir):
    """What no model of images that are drawn anew is below, in nats, as `load_static` says."""
    ink = omniglot28.load("train", omniglot_dir).images / 255.0
    paper = 1.0 - ink
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.nansum(ink * np.log(ink) + paper * np.log(paper), axis=(1, 2))
    assert abs(entropy.mean() - 46.05) < 0.01
