from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfvma.data.varied_shots import vary_shots

CLASSES, SHOTS, EPISODES, CHOICES = 3, 4, 2, (1, 2, 4)


def groups(start: int = 0) -> tf.data.Dataset:
    """Entries whose one pixel is 1,000 step + 100 episode + 10 label + example."""
    label, example = np.divmod(np.arange(CLASSES * SHOTS), SHOTS)
    episode = 100 * np.arange(EPISODES)[:, np.newaxis]

    def make(step: tf.Tensor) -> dict[str, tf.Tensor]:
        number = tf.cast(1_000 * step, tf.float32) + (episode + 10 * label + example)
        return {
            "x": tf.zeros([EPISODES, 5, 1, 1, 1]) + tf.cast(step, tf.float32),
            "memory": tf.reshape(number, [EPISODES, CLASSES * SHOTS, 1, 1, 1]),
            "memory_label": tf.tile(label[np.newaxis].astype(np.int32), [EPISODES, 1]),
        }

    return tf.data.Dataset.counter(start=start).map(make)


def read(count: int, start: int = 0, seed: int = 0, choices=CHOICES, per_step=1) -> list[dict]:
    varied = vary_shots(groups(start * per_step), choices, CLASSES, seed, start, per_step)
    return list(varied.take(count).as_numpy_iterator())


def shots_of(steps: list[dict]) -> list[int]:
    return [step["memory"].shape[1] // CLASSES for step in steps]


def test_the_first_examples_of_each_character_stay():
    for number, step in enumerate(read(20)):
        shots = step["memory"].shape[1] // CLASSES
        expected = [
            [
                1_000 * number + 100 * episode + 10 * label + example
                for label in range(CLASSES)
                for example in range(shots)
            ]
            for episode in range(EPISODES)
        ]
        np.testing.assert_array_equal(step["memory"][..., 0, 0, 0], expected)
        labels = [np.repeat(np.arange(CLASSES), shots)] * EPISODES
        np.testing.assert_array_equal(step["memory_label"], labels)
        np.testing.assert_array_equal(step["x"], np.full([EPISODES, 5, 1, 1, 1], number))


def test_every_number_is_drawn_equally_often():
    counts = np.bincount(shots_of(read(3_000)), minlength=SHOTS + 1)
    assert counts.sum() == 3_000 and set(np.flatnonzero(counts)) == set(CHOICES)
    # The same on every machine: 5 standard deviations, sqrt(3,000 * 2 / 9), either way.
    assert np.abs(counts[list(CHOICES)] - 1_000).max() < 130


def test_it_depends_on_the_seed_and_the_step_alone():
    straight = shots_of(read(12))
    assert shots_of(read(7, start=5)) == straight[5:]
    assert shots_of(read(12, seed=1)) != straight


def test_all_groups_of_a_step_have_the_same_number():
    steps = shots_of(read(6))
    assert shots_of(read(12, per_step=2)) == np.repeat(steps, 2).tolist()
    assert shots_of(read(4, start=4, per_step=2)) == np.repeat(steps[4:], 2).tolist()


def test_shapes_but_the_memory_s_are_static():
    spec = vary_shots(groups(), CHOICES, CLASSES, 0).element_spec
    assert spec["memory"] == tf.TensorSpec([EPISODES, None, 1, 1, 1], tf.float32)
    assert spec["memory_label"] == tf.TensorSpec([EPISODES, None], tf.int32)
    assert spec["x"] == tf.TensorSpec([EPISODES, 5, 1, 1, 1], tf.float32)


@pytest.mark.parametrize("shots", CHOICES)
def test_one_choice_is_taken_always(shots):
    assert set(shots_of(read(5, choices=(shots,)))) == {shots}
