"""Training with a memory much larger than the batch: keys from a table that is kept up to date."""

from __future__ import annotations

from typing import NamedTuple

import keras
import tensorflow as tf

from tfvma import arguments
from tfvma.errors import InvalidArgumentError
from tfvma.large_memory.inner_products import keys_of, prior_query_of, queries_of
from tfvma.large_memory.log_normalizer import log_normalizer, log_total_of_prior
from tfvma.large_memory.log_sums import block_log_sums
from tfvma.large_memory.read import Reading, densities_at
from tfvma.large_memory.sample import sample_large
from tfvma.layers.addressing import Addressing
from tfvma.validation import check_at_least

_ENTRIES_AT_ONCE = 256


class CachedReading(NamedTuple):
    """A reading, and the entries that it touches.

    reading: addresses and both densities there, [K, B].
    entries: each drawn entry once, [U, ...]: all that is left to encode.
    slot: which of `entries` each sample reads, int32 [K, B].
    """

    reading: Reading
    entries: tf.Tensor
    slot: tf.Tensor


@keras.saving.register_keras_serializable("tfvma")
class CachedKeys(keras.layers.Layer):
    """A table of keys h(m_a) [M, E] for a fixed memory, used in the place of fresh ones.

    A training step calls `refresh`, which encodes the next M / refresh_every entries of
    the memory, without gradients, and then `read`, which encodes what it has drawn. So no
    key is older than `refresh_every` steps. Fill the table by `refresh_all` first.

    With q~(a | x) and p~(a) the softmaxes over the keys of the table, whatever their age:

    * Exact: the address is drawn from q~; log q~ and log p~ are their own normalised
      densities; L_K is a lower bound of log p(x) under p~. The gradients of both with
      respect to queries and prior query are complete, normalisers included.
    * Of the keys, the drawn entries' have a gradient, and through today's h. Those of the
      other entries, which matter through the normalisers alone, are constants. Where all
      entries are drawn nothing is left out.
    * Stale: keys lag behind h by up to `refresh_every` steps, in the values of the scores
      and as factors in the gradients. With refresh_every = 1 nothing is stale, and the
      gradient is that of the ordinary model with the undrawn entries' keys held constant.

    Args:
        memory_size: M.
        key_dim: E.
        refresh_every: steps in which `refresh` goes once around the table.
    """

    def __init__(self, memory_size: int, key_dim: int, refresh_every: int, **layer_options):
        check_at_least("memory_size", memory_size, 1)
        check_at_least("key_dim", key_dim, 1)
        check_at_least("refresh_every", refresh_every, 1)
        super().__init__(**layer_options)
        self.memory_size = memory_size
        self.key_dim = key_dim
        self.refresh_every = refresh_every
        self.build()

    def build(self, input_shape=None):
        if self.built:
            return
        self.table = self.add_weight(
            shape=(self.memory_size, self.key_dim),
            initializer="zeros",
            dtype="float32",
            autocast=False,
            trainable=False,
            name="table",
        )
        self.next_slot = self.add_weight(
            shape=(), initializer="zeros", dtype="int32", trainable=False, name="next_slot"
        )
        self.built = True

    def refresh(self, addressing: Addressing, entries: tf.Tensor) -> None:
        """Encodes the next ceil(M / refresh_every) entries, or a few more, into the table.

        Args:
            addressing: whose h makes the keys.
            entries: the whole memory, [M, ...].
        """
        self._encode(addressing, entries, -(-self.memory_size // self.refresh_every))

    def refresh_all(self, addressing: Addressing, entries: tf.Tensor) -> None:
        """Encodes all entries [M, ...] into the table."""
        self._encode(addressing, entries, self.memory_size)

    def read(
        self, addressing: Addressing, x: tf.Tensor, entries: tf.Tensor, num_samples: int, seed
    ) -> CachedReading:
        """Draws K addresses for each target and encodes the keys of the drawn entries anew.

        Args:
            addressing: h, h_q and the prior query.
            x: [B, ...].
            entries: the whole memory, [M, ...].
            num_samples: K.
            seed: int32 [2].

        Raises:
            InvalidArgumentError: for a memory of another size than the table, without samples,
                or for a seed of another kind.
        """
        num_samples, seed = arguments.count("num_samples", num_samples), arguments.seed(seed)
        entries = self._checked(entries)
        keys = tf.convert_to_tensor(self.table)
        queries = queries_of(addressing, x)
        prior_query = prior_query_of(addressing, self.key_dim)
        fixed_queries = tf.stop_gradient(queries)
        log_sums = block_log_sums(fixed_queries, keys)
        address = sample_large(fixed_queries, keys, log_sums, num_samples, seed)

        distinct, slot = tf.unique(tf.reshape(address, [-1]))
        slot = tf.reshape(slot, tf.shape(address))
        drawn = tf.gather(entries, distinct)
        fresh_keys = keys_of(addressing, drawn)
        # The value of the table, so that q stays what was drawn from; the gradient of h.
        drawn_keys = tf.gather(keys, distinct) + fresh_keys - tf.stop_gradient(fresh_keys)
        reading = densities_at(
            address,
            slot,
            queries,
            prior_query,
            drawn_keys,
            log_normalizer(queries, keys, log_sums),
            log_total_of_prior(prior_query, keys),
        )
        return CachedReading(reading, drawn, slot)

    def get_config(self):
        return {
            **super().get_config(),
            "memory_size": self.memory_size,
            "key_dim": self.key_dim,
            "refresh_every": self.refresh_every,
        }

    def _encode(self, addressing: Addressing, entries: tf.Tensor, count: int) -> None:
        entries = self._checked(entries)
        at_once = min(count, _ENTRIES_AT_ONCE)
        num_chunks = -(-count // at_once)
        first = tf.convert_to_tensor(self.next_slot)

        def encode(chunk, done):
            slots = (first + chunk * at_once + tf.range(at_once)) % self.memory_size
            keys = tf.stop_gradient(keys_of(addressing, tf.gather(entries, slots)))
            # In place: a new table would be M keys to write.
            self.table.value.scatter_update(tf.IndexedSlices(keys, slots))
            return chunk + 1, done + at_once

        _, done = tf.while_loop(
            lambda chunk, _: chunk < num_chunks, encode, (0, 0), parallel_iterations=1
        )
        self.next_slot.assign((first + done) % self.memory_size)

    def _checked(self, entries: tf.Tensor) -> tf.Tensor:
        """The entries, if they are as many as the keys, which may show only when they are read."""
        if entries.shape[0] not in (None, self.memory_size):
            raise InvalidArgumentError(
                f"entries of shape {tuple(entries.shape)}: expected {self.memory_size} entries, "
                "as many as the table has keys."
            )
        return arguments.paired("entries", entries, "keys", tf.convert_to_tensor(self.table))
