from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfvma.data.images import ImageSet
from tfvma.data.warp import as_projections, random_warps, warp_grey
from tfvma.data.warped_targets import WarpedTargets


def test_ink_is_drawn_from_what_lies_between_pixels(monkeypatch):
    """With thresholds at the middle: ink where the warped grey is more than half."""
    grey = np.random.default_rng(5).integers(0, 5, [3, 9, 9], dtype=np.uint8)
    warps = WarpedTargets(ImageSet("made", "train", grey, levels=4))
    chosen = tf.constant(grey[..., np.newaxis])
    projections = as_projections(random_warps(4_096, np.random.default_rng(0)), 9, 9)
    which = [7, 8, 4_095]
    draws = iter([tf.constant(which), tf.fill([3, 9, 9, 1], 127)])
    monkeypatch.setattr(tf.random, "stateless_uniform", lambda *_, **options: next(draws))
    expected = warp_grey(tf.cast(chosen, tf.float32) / 4.0, projections[which]).numpy()
    found = warps.draw(chosen, tf.constant([0, 0], tf.int64))
    assert found.dtype == tf.float32
    certain = np.abs(expected - 0.5) > 0.01
    np.testing.assert_array_equal(found.numpy()[certain], (expected > 0.5)[certain])
