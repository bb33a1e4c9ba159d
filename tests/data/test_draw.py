"""Episodes by a configuration are those of the function of their kind, called directly."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import tensorflow as tf

from tests.data.numbered_images import numbered_images
from tfvma.config import EpisodeConfig
from tfvma.data.characters import CharacterSet
from tfvma.data.draw import draw_episodes, num_targets
from tfvma.data.episodes import episodes
from tfvma.data.image_batches import image_batches
from tfvma.data.images import ImageSet
from tfvma.data.indices import Share
from tfvma.data.recall import recall_episodes

# Each differs from its default and from the others, so that none can stand for another.
SEQUENCE = {"seed": 2, "start": 3, "num_episodes": 4, "share": Share(index=1, of=2, length=2)}


def characters() -> CharacterSet:
    drawings = np.random.default_rng(0).integers(0, 2, [8, 7, 4, 4], dtype=np.uint8)
    return CharacterSet("noise", "train", drawings, tuple(f"Noise_{i}" for i in range(8)))


def squares() -> ImageSet:
    """Large enough that a warp moves some of their ink."""
    pixels = np.zeros([12, 20, 20], np.uint8)
    pixels[:6, 2:10, 2:10] = 1
    pixels[6:, 10:18, 10:18] = 1
    return ImageSet("squares", "train", pixels)


def read(dataset: tf.data.Dataset) -> list[Mapping[str, np.ndarray]]:
    return list(dataset.as_numpy_iterator())


@pytest.mark.parametrize(
    ("drawn", "source", "draw", "settings"),
    [
        (
            EpisodeConfig(num_classes=5, targets_per_class=2, shots=3),
            characters(),
            episodes,
            {"num_classes": 5, "targets_per_class": 2, "shots": 3},
        ),
        (
            EpisodeConfig(kind="recall", targets=3, memory_size=7),
            numbered_images(),
            recall_episodes,
            {"targets": 3, "memory_size": 7},
        ),
        (
            EpisodeConfig(kind="recall", targets=3, memory_size=7, warped_targets=True),
            squares(),
            recall_episodes,
            {"targets": 3, "memory_size": 7, "warped": True},
        ),
        (
            EpisodeConfig(kind="images", targets=6),
            numbered_images(),
            image_batches,
            {"targets": 6},
        ),
    ],
    ids=["few_shot", "recall", "recall of warped targets", "images"],
)
def test_settings_are_those_of_the_configuration(drawn, source, draw, settings):
    found = read(draw_episodes(drawn, source, **SEQUENCE))
    expected = read(draw(source, **settings, **SEQUENCE))
    assert len(found) == len(expected) == 2
    for mine, theirs in zip(found, expected, strict=True):
        assert mine.keys() == theirs.keys()
        for name, value in theirs.items():
            np.testing.assert_array_equal(mine[name], value)
    assert len(found[0]["x"]) == num_targets(drawn)
