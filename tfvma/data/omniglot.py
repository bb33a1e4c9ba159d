"""Omniglot at 26x26, split 45/5 by alphabets.

Images: B. M. Lake, R. Salakhutdinov, J. B. Tenenbaum (2015), Science 350(6266), read from
tensorflow-datasets `omniglot` 3.0.0. The five test alphabets are those of Rezende et al.
(2016), "One-Shot Generalization in Deep Generative Models", also used by Bornschein et al.
(2017), "Variational Memory Addressing in Generative Models", section 4.2.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tfvma.data import warp
from tfvma.data.cache import cached_arrays
from tfvma.data.characters import CharacterSet
from tfvma.data.preprocess import ink, max_pool_ink
from tfvma.data.tfds_source import TfdsSource
from tfvma.errors import DataError

VERSION = "3.0.0"
TEST_ALPHABETS = ("Tengwar", "Sylheti", "Tibetan", "Syriac_(Serto)", "ULOG")
# Five of the others, about as many characters, to compare choices on.
TUNING_ALPHABETS = ("Angelic", "Ge_ez", "Keble", "Manipuri", "Mongolian")
NUM_CHARACTERS = {"train": 1479, "test": 144}
DRAWINGS_PER_CHARACTER = 20
_TFDS_SPLITS = ("train", "test")
_POOL = 4
# Images read at once. Warps are drawn for so many at a time: others with another number.
_AT_ONCE = 512
SOURCE = TfdsSource(
    title="Omniglot",
    name="omniglot",
    version=VERSION,
    files=(
        "dataset_info.json",
        "features.json",
        "alphabet.labels.txt",
        *(f"omniglot-{tfds_split}.tfrecord*" for tfds_split in _TFDS_SPLITS),
    ),
    home_page="https://github.com/brendenlake/omniglot",
)


def load(
    split: str,
    data_dir: str | os.PathLike | None = None,
    copy: int = 0,
    alike: bool = False,
) -> CharacterSet:
    """Loads "train" (45 alphabets, 1,479 characters) or "test" (5 alphabets, 144 characters).

    Args:
      split: "train" or "test".
      data_dir: as in `load_characters`.
      copy: 0 for the drawings as they are, else the number of a copy in which they are warped a
        little (`tfvma.data.warp`).
      alike: whether those of one character are warped in one way, instead of each in its own.

    Raises DataError, which says what was looked for, where, and what to do, if the records are
    missing, damaged, or not all there.
    """
    arrays = _load_all(data_dir, copy, alike)
    in_test = np.isin(arrays["alphabets"], TEST_ALPHABETS)
    return select("omniglot26", split, arrays, in_test if split == "test" else ~in_test)


def load_tuning(
    split: str,
    data_dir: str | os.PathLike | None = None,
    copy: int = 0,
    alike: bool = False,
) -> CharacterSet:
    """Loads what choices are made on: the 45 training alphabets alone, split 40/5 in turn.

    "train" has 1,337 characters, "test" 142 of the five TUNING_ALPHABETS; the five test
    alphabets are in neither, so that figures on them are untouched by choices. `copy` and
    `alike` as in `load`.
    """
    arrays = _load_all(data_dir, copy, alike)
    tuning = np.isin(arrays["alphabets"], TUNING_ALPHABETS)
    used = tuning if split == "test" else ~tuning & ~np.isin(arrays["alphabets"], TEST_ALPHABETS)
    return select("omniglot26_tuning", split, arrays, used)


def _load_all(data_dir: str | os.PathLike | None, copy: int, alike: bool) -> dict[str, np.ndarray]:
    return load_reduced(
        f"omniglot26-{VERSION}-max-pool-{_POOL}",
        lambda drawn: max_pool_ink(drawn, _POOL),
        data_dir,
        copy,
        alike,
    )


def load_reduced(
    name: str,
    reduce: Callable[[np.ndarray], np.ndarray],
    data_dir: str | os.PathLike | None,
    copy: int,
    alike: bool,
) -> dict[str, np.ndarray]:
    """All drawings as ink, warped a little where `copy` is not 0, and then reduced.

    Args:
      name: what they are kept under: another one for another reduction.
      reduce: uint8 ink [N, 105, 105] to uint8 [N, h, w].
      data_dir, copy, alike: as in `load`.

    Returns and raises as `read_drawings`.
    """
    folder = SOURCE.find(data_dir)

    def as_they_are() -> dict[str, np.ndarray]:
        return read_drawings(folder, lambda grey: reduce(ink(grey)))

    def warped() -> dict[str, np.ndarray]:
        return (_warped_alike if alike else _warped)(folder, reduce, copy)

    if copy:
        name = f"{name}-{warp.NAME}{'-alike' if alike else ''}-{copy}"
    return cached_arrays(f"{name}-{SOURCE.fingerprint(folder)}", warped if copy else as_they_are)


def select(
    name: str, split: str, arrays: dict[str, np.ndarray], chosen: np.ndarray
) -> CharacterSet:
    """The set `name` of those characters that are chosen, bool [C]."""
    return CharacterSet(
        name=name,
        split=split,
        drawings=np.ascontiguousarray(arrays["drawings"][chosen]),
        characters=tuple(arrays["characters"][chosen].tolist()),
    )


def _warped(
    folder: Path, reduce: Callable[[np.ndarray], np.ndarray], copy: int
) -> dict[str, np.ndarray]:
    """As `read_drawings`, each drawing warped on its own."""
    # One after another in the order of records, so that a copy is always the same.
    random = np.random.default_rng(copy)

    def of_grey(grey: np.ndarray) -> np.ndarray:
        drawn = ink(grey)
        return reduce(warp.warp_ink(drawn, warp.random_warps(len(drawn), random)))

    return read_drawings(folder, of_grey)


def _warped_alike(
    folder: Path, reduce: Callable[[np.ndarray], np.ndarray], copy: int
) -> dict[str, np.ndarray]:
    """As `read_drawings`, all drawings of a character warped in the same way."""
    arrays = read_drawings(folder, ink)
    warps = warp.random_warps(len(arrays["drawings"]), np.random.default_rng(copy))
    warped = [
        reduce(warp.warp_ink(drawn, np.stack([one] * len(drawn))))
        for drawn, one in zip(arrays["drawings"], warps, strict=True)
    ]
    return {**arrays, "drawings": np.stack(warped)}


def read_drawings(
    folder: Path, reduce: Callable[[np.ndarray], np.ndarray]
) -> dict[str, np.ndarray]:
    """Reads both splits and reduces every image.

    Args:
      folder: that of the records.
      reduce: uint8 grey images [N, 105, 105], 0 = black, to uint8 [N, h, w].

    Returns "drawings" [C, S, h, w], "characters" [C] and "alphabets" [C], ordered by alphabet
    and number; drawings keep the order of records. Raises as `load`.
    """
    import tensorflow_datasets as tfds

    with SOURCE.reading(folder):
        builder = tfds.builder_from_directory(folder)
        parts = [_read_records(builder, tfds_split, reduce) for tfds_split in _TFDS_SPLITS]
        images, alphabets, ids = (np.concatenate(column) for column in zip(*parts, strict=True))
        names = np.array(builder.info.features["alphabet"].names)[alphabets]
    return _by_character(images, names, ids, folder)


def _by_character(
    images: np.ndarray, names: np.ndarray, ids: np.ndarray, folder: Path
) -> dict[str, np.ndarray]:
    """Groups images [N, H, W] by alphabet and number; the drawings keep their order."""
    order = np.lexsort((ids, names))
    images, names, ids = images[order], names[order], ids[order]
    first = np.flatnonzero(np.r_[True, (names[1:] != names[:-1]) | (ids[1:] != ids[:-1])])
    counts = np.diff(np.r_[first, len(names)])
    names, ids = names[first], ids[first]

    expected = sum(NUM_CHARACTERS.values())
    num_test = int(np.isin(names, TEST_ALPHABETS).sum())
    if (
        len(names) != expected
        or num_test != NUM_CHARACTERS["test"]
        or np.any(counts != DRAWINGS_PER_CHARACTER)
    ):
        raise DataError(
            f"Omniglot in {str(folder)!r} holds {len(images)} images of {len(names)} characters, "
            f"{num_test} of them in the test alphabets: expected "
            f"{expected * DRAWINGS_PER_CHARACTER} images, {DRAWINGS_PER_CHARACTER} of each of "
            f"{expected} characters, {NUM_CHARACTERS['test']} of them in the test alphabets. "
            f"Replace the folder. {SOURCE.hint}"
        )
    return {
        "drawings": images.reshape(expected, DRAWINGS_PER_CHARACTER, *images.shape[1:]),
        "characters": np.array([f"{name}_{i}" for name, i in zip(names, ids, strict=True)]),
        "alphabets": names,
    }


def _read_records(
    builder, tfds_split: str, reduce: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reads one split in record order: images [N, h, w], alphabet indices [N], ids [N]."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    records = builder.as_dataset(
        split=tfds_split,
        decoders={"image": tfds.decode.SkipDecoding()},
        read_config=tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False),
        shuffle_files=False,
    )

    def decode(record):
        grey = tf.io.decode_png(record["image"], channels=1)[..., 0]
        return tf.ensure_shape(grey, [105, 105]), record["alphabet"], record["alphabet_char_id"]

    batches = records.map(decode, num_parallel_calls=tf.data.AUTOTUNE).batch(_AT_ONCE)
    images, alphabets, ids = [], [], []
    for grey, alphabet, number in batches.prefetch(2).as_numpy_iterator():
        images.append(reduce(grey))
        alphabets.append(alphabet)
        ids.append(number)
    return np.concatenate(images), np.concatenate(alphabets), np.concatenate(ids)
