from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.data.numbered_images import numbered_images, numbers
from tfvma.data.image_batches import image_batches
from tfvma.errors import DataError, InvalidArgumentError


def read(**options) -> list[list[int]]:
    dataset = image_batches(numbered_images(), **{"targets": 4, "seed": 2, **options})
    return [numbers(batch["x"]).tolist() for batch in dataset.as_numpy_iterator()]


def test_an_element_is_a_batch_of_known_shape():
    spec = image_batches(numbered_images(), targets=4, seed=0).element_spec
    assert spec == {"x": tf.TensorSpec([4, 2, 4, 1], tf.float32)}


def test_batches_depend_on_seed_and_index_alone():
    whole = read(num_episodes=9)
    assert read(num_episodes=4, start=5) == whole[5:]
    assert all(len(set(batch)) == 4 for batch in whole)
    assert len({tuple(batch) for batch in [*whole, *read(seed=3, num_episodes=9)]}) == 18


def test_every_image_is_used():
    assert set(np.concatenate(read(num_episodes=400))) == set(range(200))


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"targets": 201}, DataError, "targets=201: 'numbered' .train. has 200 images"),
        ({"targets": 0}, InvalidArgumentError, "targets=0: expected at least 1"),
        ({"seed": None}, InvalidArgumentError, "seed=None: expected a whole number"),
    ],
)
def test_impossible_requests_are_refused_at_once(changed, error, message):
    with pytest.raises(error, match=message):
        image_batches(numbered_images(), **{"targets": 4, "seed": 0, **changed})
