"""Reading Omniglot: from a small handmade folder of tfds, and from the real one."""

from __future__ import annotations

import io
import shutil
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from tests.data.tfds_folder import write_tfds
from tfvma.data import omniglot
from tfvma.errors import DataError

ALPHABETS = ("Greek", "ULOG", "Aurek")
CHARACTERS = (("Greek", 0), ("Greek", 10), ("Greek", 2), ("ULOG", 1), ("Aurek", 0))
DRAWINGS = 3
TEST_RECORDS = "omniglot-test.tfrecord-00000-of-00001"


def grey(character: int, drawing: int) -> np.ndarray:
    """White paper with one black pixel, whose place tells the character and the drawing."""
    image = np.full([105, 105], 255, np.uint8)
    image[4 * character + 3, 4 * drawing] = 0
    return image


def example(character: int, drawing: int) -> bytes:
    alphabet, number = CHARACTERS[character]
    png = tf.io.encode_png(np.repeat(grey(character, drawing)[..., np.newaxis], 3, axis=2))

    def whole(value: int) -> tf.train.Feature:
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))

    feature = {
        "alphabet": whole(ALPHABETS.index(alphabet)),
        "alphabet_char_id": whole(number),
        "label": whole(character),
        "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[png.numpy()])),
    }
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


def write_folder(data_dir: Path) -> Path:
    """Writes `data_dir`/omniglot/3.0.0 with two splits; drawing 2 of all is in "test"."""
    records = {
        "train": [example(c, d) for d in (1, 0) for c in range(len(CHARACTERS))],
        "test": [example(c, 2) for c in reversed(range(len(CHARACTERS)))],
    }
    features = tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=[105, 105, 3], encoding_format="png"),
            "alphabet": tfds.features.ClassLabel(names=ALPHABETS),
            "alphabet_char_id": np.int64,
            "label": tfds.features.ClassLabel(num_classes=len(CHARACTERS)),
        }
    )
    return write_tfds(data_dir, "omniglot", omniglot.VERSION, features, records)


@pytest.fixture
def small(tmp_path, monkeypatch) -> Path:
    """The handmade folder, with a package that expects its sizes and an empty cache."""
    monkeypatch.setenv("TFVMA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(omniglot, "NUM_CHARACTERS", {"train": 4, "test": 1})
    monkeypatch.setattr(omniglot, "DRAWINGS_PER_CHARACTER", DRAWINGS)
    return write_folder(tmp_path / "tfds")


@pytest.fixture
def data_dir(small) -> str:
    return str(small.parents[1])


def test_characters_are_sorted_and_drawings_keep_the_order_of_records(data_dir):
    train, test = (omniglot.load(split, data_dir) for split in ("train", "test"))
    assert train.characters == ("Aurek_0", "Greek_0", "Greek_2", "Greek_10")
    assert test.characters == ("ULOG_1",)
    for characters, source in ((train, [4, 0, 2, 1]), (test, [3])):
        expected = np.zeros([len(source), DRAWINGS, 26, 26], np.uint8)
        for c, s in np.ndindex(len(source), DRAWINGS):
            expected[c, s, source[c], (1, 0, 2)[s]] = 1
        np.testing.assert_array_equal(characters.drawings, expected)


def test_an_environment_variable_names_the_folder(data_dir, monkeypatch):
    monkeypatch.setenv("TFVMA_DATA_DIR", data_dir)
    assert omniglot.load("test").num_characters == 1
    monkeypatch.setenv("TFVMA_DATA_DIR", "/nowhere")
    assert omniglot.load("test", data_dir).num_characters == 1
    with pytest.raises(DataError, match="TFVMA_DATA_DIR='/nowhere': looked for Omniglot in"):
        omniglot.load("test")


def test_the_cache_spares_reading(data_dir, monkeypatch):
    first = omniglot.load("train", data_dir)
    monkeypatch.setattr(omniglot, "read_drawings", None)
    again = omniglot.load("train", data_dir)
    np.testing.assert_array_equal(first.drawings, again.drawings)
    assert first.characters == again.characters


def test_a_folder_that_is_missing_is_named():
    message = (
        "data_dir='/nowhere': looked for Omniglot in '/nowhere/omniglot/3.0.0', which does not "
        "exist. Set --data-dir or TFVMA_DATA_DIR to a folder of tensorflow-datasets that holds "
        "omniglot/3.0.0, or leave both unset to download it."
    )
    with pytest.raises(DataError) as caught:
        omniglot.load("train", "/nowhere")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("dataset_info.json", "missing"),
        ("dataset_info.json", "half"),
        ("features.json", "missing"),
        ("features.json", "half"),
        ("alphabet.labels.txt", "missing"),
        ("alphabet.labels.txt", "half"),
        (TEST_RECORDS, "missing"),
        (TEST_RECORDS, "half"),
        (TEST_RECORDS, "empty"),
        (TEST_RECORDS, "changed"),
    ],
)
def test_damage_is_reported_although_the_cache_holds_good_data(small, data_dir, file, damage):
    omniglot.load("train", data_dir)
    path = small / file
    content = path.read_bytes()
    middle = len(content) // 2
    if damage == "missing":
        path.unlink()
    else:
        damaged = {
            "half": content[:middle],
            "empty": b"",
            "changed": content[:middle] + b"\xff" + content[middle + 1 :],
        }
        path.write_bytes(damaged[damage])
    with pytest.raises(DataError, match="Set --data-dir or TFVMA_DATA_DIR") as caught:
        omniglot.load("train", data_dir)
    assert str(small) in str(caught.value)


def test_a_wrong_count_is_reported(data_dir, monkeypatch):
    monkeypatch.setattr(omniglot, "DRAWINGS_PER_CHARACTER", 20)
    message = (
        "holds 15 images of 5 characters, 1 of them in the test alphabets: expected 100 images, "
        "20 of each of 5 characters, 1 of them in the test alphabets"
    )
    with pytest.raises(DataError, match=message):
        omniglot.load("train", data_dir)


class Builder:
    """What is used of a builder of tfds, with a network or without."""

    def __init__(self, folder: Path, ready: Path | None):
        self.data_dir = str(folder)
        self._ready = ready

    def download_and_prepare(self):
        if self._ready is None:
            raise tfds.download.DownloadError("404")
        shutil.copytree(self._ready, self.data_dir)


@pytest.fixture
def online(monkeypatch):
    """No folder is given, and the home page of Omniglot answers."""
    monkeypatch.delenv("TFVMA_DATA_DIR", raising=False)
    monkeypatch.setattr(urllib.request, "urlopen", lambda url, timeout: io.BytesIO())


def use(builder, monkeypatch):
    monkeypatch.setattr(tfds, "builder", lambda name: {"omniglot:3.0.0": builder}[name])


def test_without_a_folder_tfds_downloads_once(small, online, tmp_path, monkeypatch):
    use(Builder(tmp_path / "default", small), monkeypatch)
    assert omniglot.load("train").num_characters == 4
    use(Builder(tmp_path / "default", None), monkeypatch)
    assert omniglot.load("train").num_characters == 4


def test_a_failed_download_is_reported(online, tmp_path, monkeypatch):
    use(Builder(tmp_path / "default", None), monkeypatch)
    with pytest.raises(DataError, match=r"found nothing and could not download it \(404\). Set"):
        omniglot.load("train")


def test_no_network_is_reported_before_tfds_tries(online, small, tmp_path, monkeypatch):
    def unreachable(url, timeout):
        raise urllib.error.URLError("no route")

    monkeypatch.setattr(urllib.request, "urlopen", unreachable)
    use(Builder(tmp_path / "default", small), monkeypatch)
    with pytest.raises(DataError, match=r"could not download it \(.*no route.*\). Set --data-dir"):
        omniglot.load("train")
    assert not (tmp_path / "default").exists()


@pytest.fixture(scope="module")
def real(omniglot_dir):
    return {split: omniglot.load(split, omniglot_dir) for split in ("train", "test")}


def test_real_sizes_and_alphabets(real):
    alphabets = {
        split: {name.rpartition("_")[0] for name in characters.characters}
        for split, characters in real.items()
    }
    assert real["train"].drawings.shape == (1479, 20, 26, 26)
    assert real["test"].drawings.shape == (144, 20, 26, 26)
    assert alphabets["test"] == {"Tengwar", "Sylheti", "Tibetan", "Syriac_(Serto)", "ULOG"}
    assert len(alphabets["train"]) == 45
    assert not alphabets["train"] & alphabets["test"]


def test_real_tuning_split_leaves_the_test_alphabets_alone(real, omniglot_dir):
    train, test = (omniglot.load_tuning(split, omniglot_dir) for split in ("train", "test"))
    assert (train.num_characters, test.num_characters) == (1337, 142)
    assert {name.rpartition("_")[0] for name in test.characters} == set(omniglot.TUNING_ALPHABETS)
    assert sorted(train.characters + test.characters) == sorted(real["train"].characters)


def test_real_drawings_are_ink_on_paper(real):
    for characters in real.values():
        ink_per_drawing = characters.drawings.mean(axis=(2, 3))
        assert ink_per_drawing.min() > 0
        assert ink_per_drawing.max() < 0.5


def test_real_drawings_equal_a_plain_reading(real, omniglot_dir):
    """The first records of tfds, one by one, reduced by a loop."""
    builder = tfds.builder("omniglot", data_dir=omniglot_dir)
    names = builder.info.features["alphabet"].names
    seen = {}
    for record in tfds.as_numpy(builder.as_dataset("train").take(200)):
        name = f"{names[record['alphabet']]}_{record['alphabet_char_id']}"
        drawing = seen[name] = seen.get(name, -1) + 1
        black = record["image"][..., 0] == 0
        expected = np.zeros([26, 26])
        for row, column in np.ndindex(26, 26):
            expected[row, column] = black[4 * row :, 4 * column :][:4, :4].any()
        stored = real["train"].drawings[real["train"].characters.index(name), drawing]
        np.testing.assert_array_equal(stored, expected)


def test_a_truncated_real_record_is_reported(omniglot_dir, tmp_path):
    source = Path(omniglot_dir) / "omniglot" / omniglot.VERSION
    folder = tmp_path / "omniglot" / omniglot.VERSION
    shutil.copytree(source, folder)
    path = next(folder.glob("omniglot-train.tfrecord*"))
    path.write_bytes(path.read_bytes()[:1_000_000])
    with pytest.raises(DataError, match=r"damaged or incomplete \(truncated record"):
        omniglot.load("test", str(tmp_path))
