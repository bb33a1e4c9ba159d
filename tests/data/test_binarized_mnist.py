"""Reading binarized MNIST: from a small handmade folder of tfds, and from the real one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from tests.data.tfds_folder import write_tfds
from tfvma.data import binarized_mnist
from tfvma.errors import DataError

COUNTS = {"train": 3, "validation": 1, "test": 2}
FIRST = {"train": 0, "validation": 3, "test": 4}


def image(number: int, ink: int = 1) -> np.ndarray:
    """Paper with one pixel of ink, whose place tells the number."""
    pixels = np.zeros([28, 28], np.uint8)
    pixels[number, 2 * number] = ink
    return pixels


def example(pixels: np.ndarray) -> bytes:
    png = tf.io.encode_png(pixels[..., np.newaxis]).numpy()
    feature = {"image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[png]))}
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


def write_folder(data_dir: Path, ink: int = 1) -> Path:
    records = {
        split: [example(image(FIRST[split] + place, ink)) for place in range(count)]
        for split, count in COUNTS.items()
    }
    features = tfds.features.FeaturesDict({"image": tfds.features.Image(shape=[28, 28, 1])})
    return write_tfds(data_dir, "binarized_mnist", "1.0.0", features, records)


@pytest.fixture(autouse=True)
def small(tmp_path, monkeypatch, request) -> None:
    """The package expects the sizes of the handmade folder, and an empty cache."""
    if "binarized_mnist_dir" in request.fixturenames:
        return
    monkeypatch.setenv("TFVMA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(binarized_mnist, "NUM_IMAGES", COUNTS)


def test_splits_in_order_of_records(tmp_path):
    write_folder(tmp_path)
    for split, count in COUNTS.items():
        images = binarized_mnist.load(split, tmp_path)
        expected = [image(FIRST[split] + place) for place in range(count)]
        np.testing.assert_array_equal(images.images, expected)
        assert (images.name, images.split, images.levels) == ("binarized_mnist", split, 1)


def test_the_cache_spares_reading(tmp_path, monkeypatch):
    write_folder(tmp_path)
    first = binarized_mnist.load("test", tmp_path)
    monkeypatch.setattr(binarized_mnist, "_read", None)
    np.testing.assert_array_equal(binarized_mnist.load("test", tmp_path).images, first.images)


def test_a_folder_that_is_missing_is_named():
    message = (
        "data_dir='/nowhere': looked for binarized MNIST in '/nowhere/binarized_mnist/1.0.0', "
        "which does not exist. Set --data-dir or TFVMA_DATA_DIR to a folder of "
        "tensorflow-datasets that holds binarized_mnist/1.0.0, or leave both unset to download it."
    )
    with pytest.raises(DataError) as caught:
        binarized_mnist.load("train", "/nowhere")
    assert str(caught.value) == message


def test_a_missing_split_is_reported(tmp_path):
    folder = write_folder(tmp_path)
    next(folder.glob("*-validation.tfrecord*")).unlink()
    with pytest.raises(DataError, match=r"looked for binarized_mnist-validation\.tfrecord\*"):
        binarized_mnist.load("train", tmp_path)


def test_damage_is_reported_although_the_cache_holds_good_data(tmp_path):
    folder = write_folder(tmp_path)
    binarized_mnist.load("train", tmp_path)
    path = next(folder.glob("*-test.tfrecord*"))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match=r"cannot read binarized MNIST 1\.0\.0.*Replace the folder"):
        binarized_mnist.load("train", tmp_path)


def test_a_wrong_count_is_reported(tmp_path, monkeypatch):
    write_folder(tmp_path)
    monkeypatch.setattr(binarized_mnist, "NUM_IMAGES", {**COUNTS, "train": 50_000})
    message = "holds 3 train, 1 validation, 2 test images .*expected 50000 train, 1 validation"
    with pytest.raises(DataError, match=message):
        binarized_mnist.load("train", tmp_path)


def test_grey_values_are_reported(tmp_path):
    write_folder(tmp_path, ink=255)
    with pytest.raises(DataError, match="values up to 255: expected .* with values 0 and 1"):
        binarized_mnist.load("train", tmp_path)


def test_real_sizes_and_values(binarized_mnist_dir):
    for split, count in binarized_mnist.NUM_IMAGES.items():
        images = binarized_mnist.load(split, binarized_mnist_dir)
        assert images.images.shape == (count, 28, 28)
        assert 0.12 < images.images.mean() < 0.14


def test_real_images_equal_a_plain_reading(binarized_mnist_dir):
    builder = tfds.builder("binarized_mnist", data_dir=binarized_mnist_dir)
    images = binarized_mnist.load("test", binarized_mnist_dir).images
    for place, record in enumerate(tfds.as_numpy(builder.as_dataset("test").take(50))):
        np.testing.assert_array_equal(images[place], record["image"][..., 0])
