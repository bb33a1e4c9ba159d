"""External memories: a read takes an address and returns the entry m_a."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvma.errors import InvalidArgumentError
from tfvma.validation import check_at_least


@keras.saving.register_keras_serializable("tfvma")
class EpisodicMemory(keras.layers.Layer):
    """A memory that is handed in with every call: the few-shot case (paper, section 2).

    It has no weights. Call: `address` int32 [...], `memory` [M, ...] to [..., entry shape].
    """

    def entries(self, memory: tf.Tensor | None) -> tf.Tensor:
        """All slots, [M, ...]. Raises InvalidArgumentError without or with an empty memory."""
        if memory is None:
            raise InvalidArgumentError("memory=None: expected the entries [M, ...] to read from.")
        if memory.shape[0] == 0:
            raise InvalidArgumentError(
                f"memory of shape {tuple(memory.shape)}: expected at least one entry."
            )
        return memory

    def build(self, address_shape, memory_shape):
        self.built = True

    def call(self, address, memory):
        return tf.gather(self.entries(memory), address)

    def compute_output_shape(self, address_shape, memory_shape):
        return (*address_shape, *memory_shape[1:])


@keras.saving.register_keras_serializable("tfvma")
class LearnedMemory(keras.layers.Layer):
    """A memory whose entries are parameters (paper, section 2, "learned memory").

    Call: `address` int32 [...] to [..., *entry_shape].

    Args:
        memory_size: M, the number of slots.
        entry_shape: shape of one entry m_a, such as (256,).
        stddev: standard deviation of the normal initial values.
    """

    def __init__(
        self, memory_size: int, entry_shape: tuple[int, ...], stddev: float = 0.1, **layer_options
    ):
        check_at_least("memory_size", memory_size, 1)
        super().__init__(**layer_options)
        self.memory_size = memory_size
        self.entry_shape = tuple(entry_shape)
        self.stddev = stddev

    def build(self, address_shape=None):
        self.slots = self.add_weight(
            shape=(self.memory_size, *self.entry_shape),
            initializer=keras.initializers.RandomNormal(stddev=self.stddev),
            name="slots",
        )
        self.built = True

    def entries(self, memory: tf.Tensor | None = None) -> tf.Tensor:
        """All slots, [M, *entry_shape]."""
        if memory is not None:
            raise InvalidArgumentError(
                f"memory of shape {tuple(memory.shape)}: expected None, this memory is learned."
            )
        return tf.convert_to_tensor(self.slots)

    def call(self, address):
        return tf.gather(self.entries(), address)

    def compute_output_shape(self, address_shape):
        return (*address_shape, *self.entry_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "memory_size": self.memory_size,
            "entry_shape": self.entry_shape,
            "stddev": self.stddev,
        }
