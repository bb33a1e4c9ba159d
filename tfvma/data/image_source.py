"""Different images of a set, drawn inside tf.data."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfvma.data.choice import choose
from tfvma.data.images import ImageSet
from tfvma.data.warp import projections, random_warps, warp_grey
from tfvma.errors import DataError
from tfvma.sampling import fold_in

# Warps are taken from so many.
_WARPS = 4_096
_GREY = 255


class ImageSource:
    """The images of a set as a tensor, held once in memory, as uint8."""

    def __init__(self, images: ImageSet):
        # tf.data runs on the CPU: left to itself, TF would put the images on a GPU.
        with tf.device("CPU:0"):
            self._pixels = tf.constant(images.images[..., tf.newaxis])
            warps = random_warps(_WARPS, np.random.default_rng(0))
            self._projections = tf.constant(projections(warps, *images.images.shape[1:]))
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

    def warped(self, chosen: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Chosen images warped a little (`tfvma.data.warp`), each in its own way, float32, 0 or 1.

        Between pixels they are grey, and drawn.
        """
        which = tf.random.stateless_uniform(
            [chosen.shape[0]], seed, minval=0, maxval=_WARPS, dtype=tf.int32, alg="philox"
        )
        grey = tf.cast(chosen, tf.float32) * (_GREY / self._set.levels)
        warped = warp_grey(grey, tf.gather(self._projections, which))
        drawn = resample(tf.cast(tf.round(warped), tf.uint8), _GREY, fold_in(seed, 1))
        return tf.cast(drawn, tf.float32)


def resample(grey: tf.Tensor, levels: int, seed: tf.Tensor) -> tf.Tensor:
    """Ink, uint8 0 or 1, with probability v / levels for each pixel of value v, uint8."""
    thresholds = tf.random.stateless_uniform(
        tf.shape(grey), seed, minval=0, maxval=levels, dtype=tf.int32, alg="philox"
    )
    return tf.cast(tf.cast(grey, tf.int32) > thresholds, tf.uint8)
