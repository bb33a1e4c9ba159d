"""Omniglot at 28x28, binary, as in Generative Matching Networks.

S. Bartunov, D. P. Vetrov (2016), "Fast Adaptation in Generative Models with Generative Matching
Networks"; also used by Bornschein et al. (2017), "Variational Memory Addressing in Generative
Models", table 1. Training characters are those of the 30 background alphabets of Omniglot, test
characters those of the 20 others.

The images that were released with that code (train_small.npz, test_small.npz) are rows and
columns floor(15 i / 4), i = 0..27, of the 105x105 drawings: found by comparison, and tested on all
32,460 of them. So they are made here of the drawings in tensorflow-datasets. Only the order
of the 20 drawings of a character is another.
"""

from __future__ import annotations

import os

import numpy as np

from tfvma.data.characters import CharacterSet
from tfvma.data.omniglot import VERSION, load_reduced, select

# images_evaluation of Omniglot; the others are images_background.
TEST_ALPHABETS = (
    "Angelic",
    "Atemayar_Qelisayer",
    "Atlantean",
    "Aurek-Besh",
    "Avesta",
    "Ge_ez",
    "Glagolitic",
    "Gurmukhi",
    "Kannada",
    "Keble",
    "Malayalam",
    "Manipuri",
    "Mongolian",
    "Old_Church_Slavonic_(Cyrillic)",
    "Oriya",
    "Sylheti",
    "Syriac_(Serto)",
    "Tengwar",
    "Tibetan",
    "ULOG",
)
SIZE = 28


def load(
    split: str,
    data_dir: str | os.PathLike | None = None,
    copy: int = 0,
    alike: bool = False,
) -> CharacterSet:
    """Loads "train" (964 characters) or "test" (659), in order of alphabet and number.

    `data_dir`, `copy`, `alike` and errors as in `omniglot.load`.
    """
    arrays = load_reduced(f"gmn-{VERSION}-subsample", subsample, data_dir, copy, alike)
    in_test = np.isin(arrays["alphabets"], TEST_ALPHABETS)
    return select("gmn", split, arrays, in_test if split == "test" else ~in_test)


def subsample(drawn: np.ndarray) -> np.ndarray:
    """Rows and columns floor(i H / 28) and floor(i W / 28): [N, H, W] to [N, 28, 28]."""
    rows, columns = (np.arange(SIZE) * length // SIZE for length in drawn.shape[1:])
    return drawn[:, rows[:, np.newaxis], columns]
