"""The same in float64 by enumeration, and vectors to try it on."""

from __future__ import annotations

import numpy as np

from tfvma.large_memory.strips import BLOCK


def vectors(count: int, seed: int, size: int = 8, scale: float = 1.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.float32(scale * random.normal(size=(count, size)))


def log_sum_exp(scores: np.ndarray) -> np.ndarray:
    largest = scores.max(axis=-1, keepdims=True)
    return np.log(np.exp(scores - largest).sum(axis=-1)) + largest[..., 0]


def scores_of(queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
    return np.float64(queries) @ np.float64(keys).T


def log_probs(queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
    scores = scores_of(queries, keys)
    return scores - log_sum_exp(scores)[..., np.newaxis]


def first_above(probs: np.ndarray, u: float) -> int:
    """The first index whose cumulative probability exceeds u."""
    return int(np.argmax(np.cumsum(probs) > u * probs.sum()))


def two_level_address(
    probs: np.ndarray, block_uniforms: np.ndarray, slot_uniforms: np.ndarray
) -> np.ndarray:
    """By enumeration, int [K, B], from probs [B, M] and uniforms [K, B]."""
    address = np.empty(block_uniforms.shape, np.int32)
    for k, b in np.ndindex(*address.shape):
        blocks = [probs[b, i : i + BLOCK] for i in range(0, probs.shape[1], BLOCK)]
        block = first_above(np.array([part.sum() for part in blocks]), block_uniforms[k, b])
        address[k, b] = block * BLOCK + first_above(blocks[block], slot_uniforms[k, b])
    return address
