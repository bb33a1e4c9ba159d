"""Means that all replicas keep alike."""

from __future__ import annotations

import keras


class Mean(keras.metrics.Mean):
    """`keras.metrics.Mean` whose every replica is given the values of all of them.

    Keras lets each replica sum its own values and adds the sums up when the mean is read,
    for which all workers must stop and take part. This one is read, saved and reset by
    one worker alone.
    """

    def add_variable(self, shape, initializer, dtype=None, aggregation="none", name=None):
        return keras.Variable(
            initializer, shape, dtype, trainable=False, aggregation="none", name=name
        )
