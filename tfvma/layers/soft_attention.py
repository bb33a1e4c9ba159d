"""How much to read of each slot: attention weights that depend on z alone."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvma.layers.addressing import SIMILARITIES, similarity_scores
from tfvma.layers.mlp_encoder import flatten
from tfvma.validation import check_choice


def mixture(weights: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """sum_a w_a v_a as one matrix product: weights [N, M], values [M, ...] to [N, ...].

    In the precision of `values`.
    """
    mixed = tf.matmul(tf.cast(weights, values.dtype), flatten(values))
    return tf.reshape(mixed, [-1, *values.shape[1:]])


@keras.saving.register_keras_serializable("tfvma")
class SoftAttention(keras.layers.Layer):
    """Softmax over the similarities of a query made from z and the keys of the slots.

        w(z) = softmax_a S(h(m_a), g(z))

    with the similarities of `Addressing` (paper, equations 5 and 6). Call: `z` [N, D],
    `entries` [M, ...] to weights [N, M], float32.

    Args:
        key_embedding: layer h, [M, ...] to [M, E].
        query_embedding: layer g, [N, D] to [N, E].
        similarity: "normalized", "inner" or "cosine".
    """

    def __init__(
        self,
        key_embedding: keras.layers.Layer,
        query_embedding: keras.layers.Layer,
        similarity: str = "normalized",
        **layer_options,
    ):
        check_choice("similarity", similarity, SIMILARITIES)
        super().__init__(**layer_options)
        self.key_embedding = key_embedding
        self.query_embedding = query_embedding
        self.similarity = similarity

    def build(self, z_shape, entries_shape):
        # Reloaded embeddings come here built.
        if not self.key_embedding.built:
            self.key_embedding.build(entries_shape)
        if not self.query_embedding.built:
            self.query_embedding.build(z_shape)
        self.built = True

    def keys(self, entries: tf.Tensor) -> tf.Tensor:
        """h(m_a), float32 [M, E]."""
        return tf.cast(self.key_embedding(entries), tf.float32)

    def weights_of_slots(self, z: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
        """w(z), [N, M], from z [N, D] and keys [M, E]."""
        queries = tf.cast(self.query_embedding(z), tf.float32)
        return tf.nn.softmax(similarity_scores(queries, keys, self.similarity))

    def call(self, z, entries):
        return self.weights_of_slots(z, self.keys(entries))

    def compute_output_shape(self, z_shape, entries_shape):
        return z_shape[0], entries_shape[0]

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "key_embedding": serialize(self.key_embedding),
            "query_embedding": serialize(self.query_embedding),
            "similarity": self.similarity,
        }

    @classmethod
    def from_config(cls, config):
        deserialize = keras.saving.deserialize_keras_object
        embeddings = ("key_embedding", "query_embedding")
        return cls(**{k: deserialize(v) if k in embeddings else v for k, v in config.items()})
