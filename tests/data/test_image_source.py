from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfvma.data.image_source import ImageSource, resample
from tfvma.data.images import ImageSet


def test_each_level_is_ink_below_as_many_thresholds(monkeypatch):
    """With every threshold equally often, value v is ink in v of `levels` cases."""
    levels = 5
    thresholds = tf.tile(tf.range(levels)[:, tf.newaxis], [1, levels + 1])
    monkeypatch.setattr(tf.random, "stateless_uniform", lambda *_, **options: thresholds)
    grey = tf.constant(np.tile(np.arange(levels + 1, dtype=np.uint8), [levels, 1]))
    ink = resample(grey, levels, [0, 0])
    assert ink.dtype == tf.uint8
    np.testing.assert_array_equal(tf.reduce_sum(ink, axis=0), np.arange(levels + 1))


def test_thresholds_are_below_the_number_of_levels():
    """Paper never is ink, and ink always."""
    for value in (0, 3):
        grey = tf.fill([2_000], tf.constant(value, tf.uint8))
        assert set(resample(grey, 3, [0, 0]).numpy().tolist()) == {value // 3}


def test_grey_is_drawn_anew_by_each_seed_and_binary_images_are_left_alone():
    images = np.full([1, 8, 8], 2, np.uint8)
    grey = ImageSource(ImageSet("made", "train", images, levels=4))
    first, again, other = (
        grey.draw(1, tf.constant([0, index], tf.int64)).numpy() for index in (0, 0, 1)
    )
    assert set(first.ravel().tolist()) == {0.0, 1.0}
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)
    binary = ImageSource(ImageSet("made", "train", images // 2))
    drawn = binary.draw(1, tf.constant([0, 0], tf.int64))
    assert drawn.dtype == tf.float32
    np.testing.assert_array_equal(drawn, np.ones([1, 8, 8, 1]))
