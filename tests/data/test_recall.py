from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.data.numbered_images import numbered_images, numbers
from tfvma.data.images import ImageSet
from tfvma.data.indices import Share
from tfvma.data.recall import recall_episodes
from tfvma.errors import DataError, InvalidArgumentError

SIZES = {"targets": 3, "memory_size": 6}


def read(**options) -> list[dict[str, np.ndarray]]:
    dataset = recall_episodes(numbered_images(), **{**SIZES, "seed": 2, **options})
    return list(dataset.as_numpy_iterator())


def memories(**options) -> list[list[int]]:
    return [numbers(episode["memory"]).tolist() for episode in read(**options)]


def test_element_shapes_are_static():
    assert recall_episodes(numbered_images(), **SIZES, seed=0).element_spec == {
        "x": tf.TensorSpec([3, 2, 4, 1], tf.float32),
        "memory": tf.TensorSpec([6, 2, 4, 1], tf.float32),
        "x_label": tf.TensorSpec([3], tf.int32),
        "memory_label": tf.TensorSpec([6], tf.int32),
    }


def test_labels_tell_the_slot_of_each_target():
    for episode in read(num_episodes=30):
        assert len(set(numbers(episode["memory"]).tolist())) == 6
        np.testing.assert_array_equal(episode["memory_label"], np.arange(6))
        np.testing.assert_array_equal(episode["memory"][episode["x_label"]], episode["x"])
        assert len(set(episode["x_label"].tolist())) == 3


def test_warped_targets_are_like_their_entries_and_the_memory_is_the_same():
    """A square of ink, 8x8 of 20x20, is moved by a pixel or so."""
    pixels = np.zeros([40, 20, 20], np.uint8)
    pixels[:20, 2:10, 2:10] = 1
    pixels[20:, 10:18, 10:18] = 1
    options = {"targets": 10, "memory_size": 12, "seed": 2, "num_episodes": 4}
    images = ImageSet("squares", "train", pixels)
    (plain, warped, again) = (
        list(recall_episodes(images, warped=warp, **options).as_numpy_iterator())
        for warp in (False, True, True)
    )
    for one, other, same in zip(plain, warped, again, strict=True):
        np.testing.assert_array_equal(one["memory"], other["memory"])
        np.testing.assert_array_equal(other["x"], same["x"])
        assert set(np.unique(other["x"])) == {0.0, 1.0}
        entry = other["memory"][other["x_label"]]
        shared = (entry * other["x"]).sum((1, 2, 3)) / entry.sum((1, 2, 3))
        assert shared.min() > 0.5
        assert np.all(np.any(entry != other["x"], axis=(1, 2, 3)))
        assert len(np.unique(other["x"], axis=0)) == 10
    assert np.any(warped[0]["x"] != warped[1]["x"])


def test_episodes_depend_on_seed_and_index_alone():
    whole = memories(num_episodes=9)
    assert memories(num_episodes=4, start=5) == whole[5:]
    assert len({tuple(memory) for memory in [*whole, *memories(seed=3, num_episodes=9)]}) == 18


def test_shares_together_are_all_episodes_in_blocks():
    whole = memories(num_episodes=8, start=5)
    for index, places in ((0, (0, 1, 4, 5)), (1, (2, 3, 6, 7))):
        share = Share(index=index, of=2, length=2)
        assert memories(num_episodes=8, start=5, share=share) == [whole[p] for p in places]


def test_all_images_fit_into_memory():
    (memory,) = memories(memory_size=200, num_episodes=1)
    assert sorted(memory) == list(range(200))


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"memory_size": 201}, DataError, "memory_size=201: 'numbered' .train. has 200 images"),
        ({"targets": 7}, InvalidArgumentError, "targets=7: expected at most memory_size=6"),
        ({"targets": 0}, InvalidArgumentError, "targets=0: expected at least 1"),
        ({"memory_size": 6.0}, InvalidArgumentError, "memory_size=6.0: expected a whole number"),
        ({"seed": -1}, InvalidArgumentError, "seed=-1: expected at least 0"),
        ({"start": -1}, InvalidArgumentError, "start=-1: expected at least 0"),
        ({"num_episodes": 0}, InvalidArgumentError, "num_episodes=0: expected at least 1"),
    ],
)
def test_impossible_requests_are_refused_at_once(changed, error, message):
    with pytest.raises(error, match=message):
        recall_episodes(numbered_images(), **{**SIZES, "seed": 0, **changed})
