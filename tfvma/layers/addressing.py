"""Where to read: p(a | M) and q(a | M, x) over the slots of a memory."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvma.validation import check_choice

SIMILARITIES = ("normalized", "inner", "cosine")
PRIORS = ("learned", "flat")

# Below any norm that a trained embedding takes; keeps 0 / 0 from becoming NaN.
_SMALLEST_NORM = 1e-6


def _unit(vectors: tf.Tensor) -> tf.Tensor:
    # The floor lies under the root: XLA's gradient of the root at 0 is NaN.
    return tf.math.l2_normalize(vectors, axis=-1, epsilon=_SMALLEST_NORM**2)


def comparable_queries(queries: tf.Tensor, similarity: str) -> tf.Tensor:
    """Queries [..., E] whose inner product with `comparable_keys` is S."""
    return _unit(queries) if similarity == "cosine" else queries


def comparable_keys(keys: tf.Tensor, similarity: str) -> tf.Tensor:
    """Keys [..., E] whose inner product with `comparable_queries` is S."""
    return keys if similarity == "inner" else _unit(keys)


def similarity_scores(queries: tf.Tensor, keys: tf.Tensor, similarity: str) -> tf.Tensor:
    """S(m_a, x) for all pairs, [B, M], from queries [B, E] and keys [M, E].

    "normalized" divides the inner product by the norm of the key (paper,
    equation 5), "cosine" by both norms, "inner" by none.
    """
    return tf.matmul(
        comparable_queries(queries, similarity),
        comparable_keys(keys, similarity),
        transpose_b=True,
    )


@keras.saving.register_keras_serializable("tfvma")
class Addressing(keras.layers.Layer):
    """Address prior and posterior from learned similarities (paper, equations 4 to 6).

        q(a | M, x) = softmax_a S(h(m_a), h_q(x))
        p(a | M)    = softmax_a S(h(m_a), e_p)

    Call: `x` [B, ...], `entries` [M, ...] to normalised log probabilities
    (log_posterior [B, M], log_prior [M]), float32, in nats.

    Args:
        key_embedding: layer h, [M, ...] to [M, E].
        query_embedding: layer h_q, [B, ...] to [B, E]; None ties it to h.
        similarity: "normalized", "inner" or "cosine".
        prior: "learned" has the query point e_p as a parameter; "flat" is 1 / M.
    """

    def __init__(
        self,
        key_embedding: keras.layers.Layer,
        query_embedding: keras.layers.Layer | None = None,
        similarity: str = "normalized",
        prior: str = "learned",
        **layer_options,
    ):
        check_choice("similarity", similarity, SIMILARITIES)
        check_choice("prior", prior, PRIORS)
        super().__init__(**layer_options)
        self.key_embedding = key_embedding
        self.query_embedding = query_embedding
        self.similarity = similarity
        self.prior = prior

    def build(self, x_shape, entries_shape):
        # Reloaded embeddings come here built.
        if not self.key_embedding.built:
            self.key_embedding.build(entries_shape)
        if self.query_embedding is not None and not self.query_embedding.built:
            self.query_embedding.build(x_shape)
        if self.prior == "learned":
            key_dim = self.key_embedding.compute_output_shape(entries_shape)[-1]
            self.prior_query = self.add_weight(
                shape=(key_dim,),
                # Zeros give a flat prior at first; a cosine has no gradient worth having there.
                initializer="random_normal" if self.similarity == "cosine" else "zeros",
                dtype="float32",
                autocast=False,
                name="prior_query",
            )
        self.built = True

    def keys(self, entries: tf.Tensor) -> tf.Tensor:
        """e_a = h(m_a), float32 [M, E]."""
        return tf.cast(self.key_embedding(entries), tf.float32)

    def queries(self, x: tf.Tensor) -> tf.Tensor:
        """e_x = h_q(x), float32 [B, E]."""
        embedding = self.key_embedding if self.query_embedding is None else self.query_embedding
        return tf.cast(embedding(x), tf.float32)

    def log_posterior(self, x: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
        """log q(a | M, x), [B, M]."""
        return tf.nn.log_softmax(similarity_scores(self.queries(x), keys, self.similarity))

    def log_prior(self, keys: tf.Tensor) -> tf.Tensor:
        """log p(a | M), [M]."""
        if self.prior == "flat":
            return tf.nn.log_softmax(tf.zeros_like(keys[:, 0]))
        query = tf.convert_to_tensor(self.prior_query)[tf.newaxis]
        return tf.nn.log_softmax(similarity_scores(query, keys, self.similarity))[0]

    def call(self, x, entries):
        keys = self.keys(entries)
        return self.log_posterior(x, keys), self.log_prior(keys)

    def compute_output_shape(self, x_shape, entries_shape):
        return (x_shape[0], entries_shape[0]), (entries_shape[0],)

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "key_embedding": serialize(self.key_embedding),
            "query_embedding": serialize(self.query_embedding),
            "similarity": self.similarity,
            "prior": self.prior,
        }

    @classmethod
    def from_config(cls, config):
        deserialize = keras.saving.deserialize_keras_object
        embeddings = ("key_embedding", "query_embedding")
        return cls(**{k: deserialize(v) if k in embeddings else v for k, v in config.items()})
