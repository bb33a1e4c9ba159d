"""Turned characters are further characters."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tfvma.data.characters import CharacterSet
from tfvma.data.turned import turned
from tfvma.errors import DataError
from tfvma.presets import get_preset
from tfvma.training.run import load_source


def make(height, width):
    drawings = np.random.default_rng(0).integers(0, 2, [2, 3, height, width], dtype=np.uint8)
    return CharacterSet("made", "train", drawings, ("A_0", "A_1"))


def test_all_drawings_of_a_character_turn_together():
    plain = make(4, 4)
    result = turned(plain)
    assert result.num_characters == 8 and result.drawings_per_character == 3
    assert result.characters[:2] == plain.characters
    assert result.characters[2:4] == ("A_0_90", "A_1_90") and result.characters[-1] == "A_1_270"
    np.testing.assert_array_equal(result.drawings[:2], plain.drawings)
    # Counter-clockwise: the last column becomes the first row.
    np.testing.assert_array_equal(result.drawings[2:4, :, 0], plain.drawings[..., -1])
    np.testing.assert_array_equal(result.drawings[4:6], plain.drawings[:, :, ::-1, ::-1])
    np.testing.assert_array_equal(result.drawings[6:, :, 0], plain.drawings[:, :, ::-1, 0])


def test_images_that_are_not_square():
    with pytest.raises(DataError, match=r"'made' \(train\) with images of 4x5: expected square"):
        turned(make(4, 5))


def test_those_to_train_on_are_turned_and_those_held_out_are_not():
    config = get_preset("strokes_vma_4shot")
    drawn = dataclasses.replace(config.episodes, turned=True)
    config, plain = dataclasses.replace(config, episodes=drawn), config
    train, test = (load_source(config, split, None) for split in ("train", "test"))
    assert train.num_characters == 4 * load_source(plain, "train", None).num_characters
    assert test.checksum == load_source(plain, "test", None).checksum
