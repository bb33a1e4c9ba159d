"""Omniglot at 28x28, binary, as released with the code of Generative Matching Networks.

S. Bartunov, D. P. Vetrov (2016), "Fast Adaptation in Generative Models with Generative Matching
Networks"; also used by Bornschein et al. (2017), "Variational Memory Addressing in Generative
Models", table 1. Training characters are those of the 30 background alphabets of Omniglot, test
characters those of the 20 others.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path

import numpy as np

from tfvma.data.characters import CharacterSet
from tfvma.data.preprocess import ink
from tfvma.errors import DataError

FOLDER = "omniglot_gmn"
FILES = {"train": "train_small.npz", "test": "test_small.npz"}
NUM_CHARACTERS = {"train": 964, "test": 659}
DRAWINGS_PER_CHARACTER = 20
SIZE = 28
_PAPER = 255
# What NumPy raises for files that are not such archives, or no longer.
_DAMAGE = (
    OSError,
    ValueError,
    TypeError,
    EOFError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)
_HINT = (
    f"There is no automatic download: copy {FILES['train']} and {FILES['test']} from the folder "
    f"data of https://github.com/sbos/gmn to a folder {FOLDER} in the one that --data-dir or "
    "TFVMA_DATA_DIR names, or beside it."
)


def load(split: str, data_dir: str | os.PathLike | None = None) -> CharacterSet:
    """Loads "train" (964 characters) or "test" (659).

    Characters are in order of alphabet and number, their drawings in that of the file, which is
    not that of the drawers. `data_dir` as in `load_characters`. Raises DataError, which says what
    was looked for, where, and what to do, if the file is missing, damaged, or another.
    """
    path = find(split, data_dir)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {_character(name): file[name] for name in file.files}
    except _DAMAGE as error:
        raise DataError(
            f"cannot read {str(path)!r}: it is damaged or another file ({error}). Replace it. "
            f"{_HINT}"
        ) from error
    _check(split, path, list(arrays.values()))
    order = sorted(arrays)
    drawings = ink(np.stack([arrays[character] for character in order]))
    return CharacterSet(
        name="gmn",
        split=split,
        drawings=drawings.reshape(*drawings.shape[:2], SIZE, SIZE),
        characters=tuple(f"{alphabet}_{number}" for alphabet, number in order),
    )


def find(split: str, data_dir: str | os.PathLike | None) -> Path:
    """The file of a split, in the folder `omniglot_gmn` in `data_dir` or beside it.

    Without `data_dir` that of the environment variable TFVMA_DATA_DIR, else the default of
    tensorflow-datasets. Raises DataError, which names both places.
    """
    name, value = _place(data_dir)
    given = Path(os.path.abspath(Path(value).expanduser()))
    paths = [folder / FOLDER / FILES[split] for folder in (given, given.parent)]
    for path in paths:
        if path.is_file():
            return path
    inside, beside = (repr(str(path)) for path in paths)
    raise DataError(
        f"{name}={str(value)!r}: looked for the Omniglot of Generative Matching Networks in "
        f"{inside} and {beside}, which do not exist. {_HINT}"
    )


def _place(data_dir: str | os.PathLike | None) -> tuple[str, str | os.PathLike]:
    """Where to look, and what that is called."""
    if data_dir is not None:
        return "data_dir", data_dir
    if os.environ.get("TFVMA_DATA_DIR"):
        return "TFVMA_DATA_DIR", os.environ["TFVMA_DATA_DIR"]
    import tensorflow_datasets as tfds

    return "default folder of tensorflow-datasets", tfds.core.constants.DATA_DIR


def _character(key: str) -> tuple[str, int]:
    """("Greek", 0) of "images_background/Greek/character01": numbers as in `omniglot`."""
    _, alphabet, number = key.split("/")
    return alphabet, int(number.removeprefix("character")) - 1


def _check(split: str, path: Path, arrays: list[np.ndarray]) -> None:
    """Raises DataError unless these are the arrays of all characters."""
    shape = (DRAWINGS_PER_CHARACTER, SIZE * SIZE)
    if len(arrays) != NUM_CHARACTERS[split]:
        found = f"{len(arrays)} characters"
    elif others := {array.shape for array in arrays} - {shape}:
        found = f"arrays of shape {sorted(others)[0]}"
    elif any(not np.isin(array, (0, _PAPER)).all() for array in arrays):
        found = "other values"
    else:
        return
    raise DataError(
        f"{str(path)!r} holds {found}: expected {NUM_CHARACTERS[split]} characters, each an array "
        f"of shape {shape} with values 0 (ink) and {_PAPER} (paper). Replace it. {_HINT}"
    )
