"""Keys and queries as a trained model has them: what an index is to be measured on."""

from __future__ import annotations

import hashlib
import itertools
import sys
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from benchmarks.trained_model import trained_model
from tfvma.data import load_characters
from tfvma.data.cache import cache_path
from tfvma.large_memory import keys_of, prior_query_of, queries_of
from tfvma.models.vma import VariationalMemoryAddressing

_BATCH = 512
# Eight symmetries of the square times nine shifts: each drawing in up to 72 variants.
_SYMMETRIES = tuple(itertools.product((False, True), range(4)))
_SHIFTS = tuple(itertools.product((0, -1, 1), repeat=2))


class DrawnKeys(NamedTuple):
    """A memory of drawings, and N drawings that are not in it.

    keys: h(m_a), unit vectors, float32 [M, E], in random order.
    queries: h_q(x), float32 [N, E].
    prior_query: e_p, float32 [E].
    entries: the drawings m_a, bool [M, H, W, 1].
    x: float32 [N, H, W, 1].
    model: whose h and h_q these are.
    """

    keys: np.ndarray
    queries: np.ndarray
    prior_query: np.ndarray
    entries: np.ndarray
    x: np.ndarray
    model: VariationalMemoryAddressing


def drawn_keys(memory_size: int, dataset: str) -> DrawnKeys:
    """Embeds `memory_size` drawings with the trained model, and keeps the keys on disk.

    The queries are the first drawing of each character of the test split, in random
    order. The memory has all other drawings of both splits: first as they are, then
    shifted by a pixel (what leaves on one side comes back on the other), turned and
    mirrored, until there are enough.
    """
    model, _ = trained_model()
    random = np.random.default_rng(0)
    train, test = (load_characters(dataset, split).drawings for split in ("train", "test"))
    x = random.permutation(test[:, 0])[..., np.newaxis].astype(np.float32)
    image = test.shape[2:]
    drawings = np.concatenate([train.reshape(-1, *image), test[:, 1:].reshape(-1, *image)])
    entries = random.permutation(_variants(drawings.astype(bool), memory_size))
    return DrawnKeys(
        keys=_kept_keys(model, entries, dataset),
        queries=queries_of(model.addressing, tf.constant(x)).numpy(),
        prior_query=prior_query_of(model.addressing, model.addressing.prior_query.shape[0]).numpy(),
        entries=entries,
        x=x,
        model=model,
    )


def _variants(drawings: np.ndarray, count: int) -> np.ndarray:
    """`count` drawings [count, H, W, 1] from drawings [N, H, W]."""
    variants = []
    for (mirrored, turns), shift in itertools.product(_SYMMETRIES, _SHIFTS):
        if len(variants) * len(drawings) >= count:
            break
        moved = np.roll(drawings, shift, axis=(1, 2))
        moved = moved[:, :, ::-1] if mirrored else moved
        variants.append(np.rot90(moved, turns, axes=(1, 2)))
    return np.concatenate(variants)[:count, ..., np.newaxis]


def _kept_keys(model: VariationalMemoryAddressing, entries: np.ndarray, dataset: str) -> np.ndarray:
    """h of all entries: minutes for a million, so that they are kept as a file."""
    weights = hashlib.sha256(b"".join(w.tobytes() for w in model.addressing.get_weights()))
    name = f"benchmark keys {dataset} {len(entries)} {weights.hexdigest()[:16]}"
    path = cache_path(name).with_suffix(".npy")
    if path.exists():
        return np.load(path)
    embed = tf.function(lambda part: keys_of(model.addressing, part))
    starts = tqdm(range(0, len(entries), _BATCH), "embedding", unit="batch", file=sys.stderr)
    keys = np.concatenate(
        [embed(entries[start : start + _BATCH].astype(np.float32)).numpy() for start in starts]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, keys)
    return keys
