"""What is timed at one memory size: ways to read an address, and the products below them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfvma.large_memory import (
    KeyIndex,
    Reading,
    log_total_of_prior,
    read_large,
    read_truncated,
)
from tfvma.large_memory.strips import map_strips
from tfvma.sampling import sample_address

NUM_SAMPLES = 4
PRODUCTS = ("product", "product, keys first", "product in strips")
# Truncated readings keep so many of the entries that the index finds.
FOUND = (32, 1024)
_SEED = tf.constant([0, 1], tf.int32)


def make_calls(
    queries: tf.Tensor, prior_query: tf.Tensor, keys: tf.Tensor, index: KeyIndex | None
) -> dict[str, Callable[[], None]]:
    """Functions that do one call each and return when it is done, by name.

    Args:
        queries: [B, E].
        prior_query: [E].
        keys: [M, E].
        index: of the keys; None where the memory is too small for one to be of use.
    """
    total = log_total_of_prior(prior_query, keys)
    calls = {
        "product": lambda: tf.matmul(queries, keys, transpose_b=True)[0, 0],
        "product, keys first": lambda: tf.matmul(keys, queries, transpose_b=True)[0, 0],
        "product in strips": lambda: strips_of_products(queries, keys)[0],
        "exact": lambda: read(queries, prior_query, keys, total).log_qa[0, 0],
        "exact, with log Z of p": lambda: read(
            queries, prior_query, keys, log_total_of_prior(prior_query, keys)
        ).log_pa[0, 0],
        "exact, with gradient": lambda: read_and_differentiate(queries, prior_query, keys, total)[
            0, 0
        ],
        "softmax and Gumbel": lambda: read_by_gumbel(queries, prior_query, keys)[0, 0],
    }
    finished = {name: finishing(tf.function(call)) for name, call in calls.items()}
    if index is not None:
        for count in FOUND:
            finished[f"index, {count} found"] = reading_what_is_found(
                index, queries, prior_query, keys, total, count
            )
    return finished


def finishing(call: Callable[[], tf.Tensor]) -> Callable[[], None]:
    """Reading one number waits for all of it, on a GPU too."""
    return lambda: call().numpy()


def strips_of_products(queries: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
    """The product in the strips of the exact reading, of which one number each is kept."""
    return map_strips(lambda scores, _: scores[0, 0], queries, keys, tf.TensorSpec([], tf.float32))


def read(queries: tf.Tensor, prior_query: tf.Tensor, keys: tf.Tensor, total: tf.Tensor) -> Reading:
    """Normaliser, samples, log q and log p."""
    return read_large(queries, prior_query, keys, total, NUM_SAMPLES, _SEED)


def read_and_differentiate(
    queries: tf.Tensor, prior_query: tf.Tensor, keys: tf.Tensor, total: tf.Tensor
) -> tf.Tensor:
    """The gradient of sum log q with respect to the queries."""
    with tf.GradientTape() as tape:
        tape.watch(queries)
        log_qa = read(queries, prior_query, keys, total).log_qa
    return tape.gradient(log_qa, queries)


def read_by_gumbel(queries: tf.Tensor, prior_query: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
    """As a model with a small memory reads: log q [B, M], log p [M], noise [K, B, M]."""
    log_posterior = tf.nn.log_softmax(tf.matmul(queries, keys, transpose_b=True))
    log_prior = tf.nn.log_softmax(tf.linalg.matvec(keys, prior_query))
    address = sample_address(log_posterior, NUM_SAMPLES, _SEED)
    log_qa = tf.gather(log_posterior, tf.transpose(address), batch_dims=1)
    return tf.transpose(log_qa) + tf.gather(log_prior, address)


def reading_what_is_found(
    index: KeyIndex,
    queries: tf.Tensor,
    prior_query: tf.Tensor,
    keys: tf.Tensor,
    total: tf.Tensor,
    count: int,
) -> Callable[[], None]:
    """A truncated reading from a search of the index on."""
    vectors = np.asarray(queries)

    def call():
        found = index.search(vectors, count)
        read_truncated(queries, prior_query, keys, found, total, NUM_SAMPLES, _SEED).log_qa.numpy()

    return call
