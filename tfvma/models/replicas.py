"""What a training step asks of the replicas that run it together."""

from __future__ import annotations

import tensorflow as tf


def replicas() -> int:
    """How many run this step; 1 without a strategy."""
    return tf.distribute.get_replica_context().num_replicas_in_sync


def replica_index():
    """Which of them this one is, 0, 1, ..."""
    return tf.distribute.get_replica_context().replica_id_in_sync_group


def all_values(values: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """The float32 values of all replicas, joined along the first axis, in one exchange.

    Args:
        values: of this replica, of the same shapes in each.
    """
    if replicas() == 1:
        return values
    flat = [tf.reshape(value, [1, -1]) for value in values.values()]
    gathered = tf.distribute.get_replica_context().all_gather(tf.concat(flat, axis=1), axis=0)
    parts = tf.split(gathered, [tf.size(part) for part in flat], axis=1)
    return {
        name: tf.reshape(part, tf.concat([[-1], tf.shape(value)[1:]], axis=0))
        for (name, value), part in zip(values.items(), parts, strict=True)
    }
