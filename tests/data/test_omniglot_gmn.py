"""Reading the Omniglot of Generative Matching Networks: from small made-up files, and the real."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tfvma.data import load_characters, omniglot, omniglot_gmn
from tfvma.errors import DataError

# As in the real files: neither in order of alphabets nor of numbers.
NAMES = {
    "train": ("Greek/character10", "Aurek/character01", "Greek/character02"),
    "test": ("ULOG/character01", "Keble/character01"),
}
FOLDERS = {"train": "images_background", "test": "images_evaluation"}
DRAWINGS = 2


def pixels(number: int, drawing: int) -> np.ndarray:
    """Paper with one pixel of ink in row `number` and column `drawing`."""
    image = np.full([28, 28], 255, np.uint8)
    image[number, drawing] = 0
    return image.reshape(-1)


def arrays(split: str) -> dict[str, np.ndarray]:
    return {
        f"{FOLDERS[split]}/{name}": np.stack([pixels(place, d) for d in range(DRAWINGS)])
        for place, name in enumerate(NAMES[split])
    }


def write_folder(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for split, file in omniglot_gmn.FILES.items():
        np.savez_compressed(folder / file, **arrays(split))
    return folder


@pytest.fixture(autouse=True)
def small(monkeypatch, request) -> None:
    """The package expects the sizes of the made-up files."""
    if "gmn_dir" in request.fixturenames:
        return
    sizes = {split: len(names) for split, names in NAMES.items()}
    monkeypatch.setattr(omniglot_gmn, "NUM_CHARACTERS", sizes)
    monkeypatch.setattr(omniglot_gmn, "DRAWINGS_PER_CHARACTER", DRAWINGS)


@pytest.fixture
def data_dir(tmp_path) -> Path:
    return write_folder(tmp_path / "data" / "omniglot_gmn").parent


@pytest.mark.parametrize(
    ("split", "names", "order"),
    [
        ("train", ("Aurek_0", "Greek_1", "Greek_9"), (1, 2, 0)),
        ("test", ("Keble_0", "ULOG_0"), (1, 0)),
    ],
)
def test_characters_are_sorted_and_ink_is_one(data_dir, split, names, order):
    characters = load_characters("gmn", split, data_dir)
    assert (characters.name, characters.split) == ("gmn", split)
    assert characters.characters == names
    expected = np.zeros([len(order), DRAWINGS, 28, 28], np.uint8)
    for c, s in np.ndindex(len(order), DRAWINGS):
        expected[c, s, order[c], s] = 1
    np.testing.assert_array_equal(characters.drawings, expected)


@pytest.mark.parametrize("place", [".", "tfds"])
def test_the_folder_lies_in_the_given_one_or_beside_it(data_dir, monkeypatch, place):
    """Beside it although the given one does not exist: of tfds nothing is read."""
    assert omniglot_gmn.load("test", data_dir / place).num_characters == 2
    monkeypatch.setenv("TFVMA_DATA_DIR", str(data_dir / place))
    assert omniglot_gmn.load("test").num_characters == 2
    monkeypatch.delenv("TFVMA_DATA_DIR")
    monkeypatch.setattr("tensorflow_datasets.core.constants.DATA_DIR", str(data_dir / place))
    assert omniglot_gmn.load("test").num_characters == 2


def test_the_one_inside_comes_first(data_dir):
    inside = write_folder(data_dir / "tfds" / "omniglot_gmn")
    assert omniglot_gmn.find("test", data_dir / "tfds") == inside / "test_small.npz"


def test_a_relative_folder_has_one_beside_it(data_dir, monkeypatch):
    (data_dir / "tfds").mkdir()
    monkeypatch.chdir(data_dir / "tfds")
    assert omniglot_gmn.load("test", ".").num_characters == 2


def test_a_missing_file_is_named_with_where_it_comes_from(monkeypatch):
    message = (
        "data_dir='/nowhere/tfds': looked for the Omniglot of Generative Matching Networks in "
        "'/nowhere/tfds/omniglot_gmn/test_small.npz' and '/nowhere/omniglot_gmn/test_small.npz', "
        "which do not exist. There is no automatic download: copy train_small.npz and "
        "test_small.npz from the folder data of https://github.com/sbos/gmn to a folder "
        "omniglot_gmn in the one that --data-dir or TFVMA_DATA_DIR names, or beside it."
    )
    with pytest.raises(DataError) as caught:
        omniglot_gmn.load("test", "/nowhere/tfds")
    assert str(caught.value) == message
    monkeypatch.setenv("TFVMA_DATA_DIR", "/nowhere/else")
    with pytest.raises(DataError, match="TFVMA_DATA_DIR='/nowhere/else': looked for"):
        omniglot_gmn.load("test")


@pytest.mark.parametrize("damage", ["half", "changed", "empty", "text", "array", "names"])
def test_a_damaged_file_is_reported(data_dir, damage):
    path = data_dir / "omniglot_gmn" / "train_small.npz"
    content = path.read_bytes()
    if damage == "array":
        with path.open("wb") as file:
            np.save(file, np.zeros([2, 784], np.uint8))
    elif damage == "names":
        np.savez_compressed(path, images=np.zeros([2, 784], np.uint8))
    else:
        first = content.index(b"character10.npy") + len("character10.npy")
        written = {
            "half": content[: len(content) // 2],
            "changed": content[: first + 40] + b"\xff\xff\xff" + content[first + 43 :],
            "empty": b"",
            "text": b"404: Not Found",
        }
        path.write_bytes(written[damage])
    with pytest.raises(DataError, match=r"cannot read '.*train_small\.npz'.* Replace it\. There"):
        omniglot_gmn.load("train", data_dir)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("Greek/character11", pixels(0, 0)[np.newaxis].repeat(2, 0), "holds 4 characters: "),
        ("Greek/character10", np.zeros([3, 784], np.uint8), r"holds arrays of shape \(3, 784\): "),
        ("Greek/character10", np.full([2, 784], 254, np.uint8), "holds other values: "),
    ],
)
def test_what_is_not_the_whole_set_is_reported(data_dir, name, array, message):
    changed = {**arrays("train"), f"images_background/{name}": array}
    np.savez_compressed(data_dir / "omniglot_gmn" / "train_small.npz", **changed)
    with pytest.raises(DataError, match=message + "expected 3 characters, each an array"):
        omniglot_gmn.load("train", data_dir)


def test_real_sizes_and_values(gmn_dir):
    for split, count in omniglot_gmn.NUM_CHARACTERS.items():
        characters = load_characters("gmn", split, gmn_dir)
        assert characters.drawings.shape == (count, 20, 28, 28)
        assert 0.05 < characters.drawings.mean() < 0.15
        alphabets = {name.rpartition("_")[0] for name in characters.characters}
        assert len(alphabets) == {"train": 30, "test": 20}[split]


def test_real_characters_have_the_names_of_those_of_tensorflow_datasets(gmn_dir, omniglot_dir):
    def names(load, data_dir):
        return {name for split in ("train", "test") for name in load(split, data_dir).characters}

    assert names(omniglot_gmn.load, gmn_dir) == names(omniglot.load, omniglot_dir)
