"""Images warped a little, inside tf.data: targets that are like an entry, and not it."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfvma.data.image_source import resample
from tfvma.data.images import ImageSet
from tfvma.data.warp import as_projections, random_warps, warp_grey
from tfvma.sampling import fold_in

# Warps are taken from so many, which are the same ones for every seed.
_WARPS = 4_096
_LEVELS = 255


class WarpedTargets:
    """Warps images (`tfvma.data.warp`), and draws as ink or paper what lies between pixels."""

    def __init__(self, images: ImageSet):
        warps = random_warps(_WARPS, np.random.default_rng(0))
        with tf.device("CPU:0"):
            self._projections = tf.constant(as_projections(warps, *images.images.shape[1:]))
        self._levels = images.levels

    def draw(self, chosen: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Each image warped in its own way, float32 [B, H, W, 1], 0 or 1.

        Args:
          chosen: as `ImageSource.choose` gives them, uint8 [B, H, W, 1].
          seed: int64 [2].
        """
        which = tf.random.stateless_uniform(
            [chosen.shape[0]], seed, minval=0, maxval=_WARPS, dtype=tf.int32, alg="philox"
        )
        grey = tf.cast(chosen, tf.float32) * (_LEVELS / self._levels)
        warped = warp_grey(grey, tf.gather(self._projections, which))
        drawn = resample(tf.cast(tf.round(warped), tf.uint8), _LEVELS, fold_in(seed, 1))
        return tf.cast(drawn, tf.float32)
