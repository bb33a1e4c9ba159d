"""Different images of a set, drawn inside tf.data."""

from __future__ import annotations

import tensorflow as tf

from tfvma.data.choice import choose
from tfvma.data.images import ImageSet
from tfvma.errors import DataError
from tfvma.sampling import fold_in


class ImageSource:
    """The images of a set as a tensor, held once in memory, as uint8."""

    def __init__(self, images: ImageSet):
        # tf.data runs on the CPU: left to itself, TF would put the images on a GPU.
        with tf.device("CPU:0"):
            self._pixels = tf.constant(images.images[..., tf.newaxis])
        self._set = images

    def check(self, name: str, count: int) -> None:
        """Raises DataError where there are fewer than `count`, the argument called `name`."""
        if count > self._set.num_images:
            raise DataError(
                f"{name}={count}: {self._set.name!r} ({self._set.split}) has "
                f"{self._set.num_images} images."
            )

    def draw(self, count: int, seed: tf.Tensor) -> tf.Tensor:
        """`count` different images, float32 [count, H, W, 1], 0 or 1.

        Every ordered choice is as probable as any other, and grey pixels are drawn anew.

        Args:
          count: how many.
          seed: int64 [2].
        """
        return self.as_ink(self.choose(count, seed), fold_in(seed, 1))

    def choose(self, count: int, seed: tf.Tensor) -> tf.Tensor:
        """The same images as they are kept, uint8 [count, H, W, 1]."""
        return tf.gather(self._pixels, choose(self._set.num_images, count, seed))

    def as_ink(self, chosen: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Chosen images as float32, 0 or 1; grey pixels are drawn."""
        if self._set.levels > 1:
            chosen = resample(chosen, self._set.levels, seed)
        return tf.cast(chosen, tf.float32)


def resample(grey: tf.Tensor, levels: int, seed: tf.Tensor) -> tf.Tensor:
    """Ink, uint8 0 or 1, with probability v / levels for each pixel of value v, uint8."""
    thresholds = tf.random.stateless_uniform(
        tf.shape(grey), seed, minval=0, maxval=levels, dtype=tf.int32, alg="philox"
    )
    return tf.cast(tf.cast(grey, tf.int32) > thresholds, tf.uint8)
