"""A set of characters, each drawn by several people: what episodes are made of."""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass

import numpy as np

from tfvma.datasets import CHARACTERS
from tfvma.errors import InvalidArgumentError
from tfvma.validation import check_choice


@dataclass(frozen=True, eq=False)
class CharacterSet:
    """Binary drawings of C characters, S drawings each.

    Attributes:
      name: the dataset, such as "omniglot26".
      split: "train" or "test".
      drawings: uint8 [C, S, H, W], 1 = ink, 0 = paper.
      characters: C names, "<Alphabet>_<number>", in a stable order.

    Raises InvalidArgumentError where these do not fit together.
    """

    name: str
    split: str
    drawings: np.ndarray
    characters: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.drawings.dtype != np.uint8 or self.drawings.ndim != 4:
            raise InvalidArgumentError(
                f"drawings of {self.drawings.dtype}{list(self.drawings.shape)}: "
                "expected uint8 [characters, drawings, height, width]."
            )
        if 0 in self.drawings.shape:
            raise InvalidArgumentError(
                f"drawings of shape {list(self.drawings.shape)}: expected no empty axis."
            )
        if self.drawings.max() > 1:
            raise InvalidArgumentError(
                f"drawings with values up to {self.drawings.max()}: expected 0 (paper) or 1 (ink)."
            )
        if len(self.characters) != len(self.drawings):
            raise InvalidArgumentError(
                f"characters with {len(self.characters)} names: "
                f"expected one for each of {len(self.drawings)} characters."
            )

    @property
    def num_characters(self) -> int:
        """C, the number of characters."""
        return self.drawings.shape[0]

    @property
    def drawings_per_character(self) -> int:
        """S, the number of drawings of each character."""
        return self.drawings.shape[1]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, 1): the shape of one image in an episode."""
        return (*self.drawings.shape[2:], 1)

    @property
    def checksum(self) -> int:
        """Differs for other drawings."""
        return zlib.crc32(self.drawings.tobytes())


def load_characters(
    name: str, split: str, data_dir: str | os.PathLike | None = None
) -> CharacterSet:
    """Loads one half of a character dataset.

    Args:
      name: "omniglot26" (26x26 Omniglot, 45/5 alphabets), "omniglot26_tuning" (its training
        half alone, 40/5 alphabets, to compare choices on), "gmn" (28x28 Omniglot, 30/20
        alphabets, as in Generative Matching Networks) or "strokes" (procedural).
      split: "train" or "test"; the two share no alphabet.
      data_dir: the folder of tensorflow-datasets that holds `omniglot/3.0.0`; without it
        the environment variable TFVMA_DATA_DIR, else the default of tensorflow-datasets,
        which downloads what is missing. "strokes" needs none.

    Raises InvalidArgumentError for an unknown name or split, DataError where the data is
    missing or damaged.
    """
    check_choice("name", name, CHARACTERS)
    check_choice("split", split, CHARACTERS[name])
    if name == "omniglot26":
        from tfvma.data import omniglot

        return omniglot.load(split, data_dir)
    if name == "omniglot26_tuning":
        from tfvma.data import omniglot

        return omniglot.load_tuning(split, data_dir)
    if name == "gmn":
        from tfvma.data import omniglot_gmn

        return omniglot_gmn.load(split, data_dir)
    from tfvma.data import strokes

    return strokes.load(split)
