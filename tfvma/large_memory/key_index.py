"""An approximate index of the keys, for memories where even one pass takes too long."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfvma.errors import InvalidArgumentError, MissingPackageError
from tfvma.validation import check_at_least

# Faiss asks for 39 training points a list to place its centre; more add nothing here.
_TRAINING_KEYS_PER_LIST = 40
_SEED = 0


class KeyIndex:
    """Finds the keys with the largest inner products, most of them, in a fraction of the keys.

    An inverted file (Faiss, IndexIVFFlat): keys are sorted into `num_lists` lists by the
    nearest of as many centres, and a search scores the keys of the `num_probes` lists
    whose centres are nearest to the query. Scores are exact, only what is found is not.

    Faiss is an extra: pip install 'tfvma[index]'.

    Args:
        keys: float32 [M, E].
        num_lists: None takes about 4 sqrt(M), and never more than Faiss can train.
        num_probes: lists searched for each query, from 1 (fastest) to num_lists (exact).

    Raises:
        MissingPackageError: without faiss.
        InvalidArgumentError: for keys of another shape or numbers out of range.
    """

    def __init__(self, keys, num_lists: int | None = None, num_probes: int = 32):
        faiss = _faiss()
        keys = np.ascontiguousarray(keys, np.float32)
        if keys.ndim != 2 or 0 in keys.shape:
            raise InvalidArgumentError(
                f"keys of shape {keys.shape}: expected [M, E] with at least one key."
            )
        self.memory_size, key_dim = keys.shape
        if num_lists is None:
            most = self.memory_size // _TRAINING_KEYS_PER_LIST
            num_lists = max(min(round(4 * self.memory_size**0.5), most), 1)
        check_at_least("num_lists", num_lists, 1)
        check_at_least("num_probes", num_probes, 1)
        if num_lists > self.memory_size:
            raise InvalidArgumentError(
                f"num_lists={num_lists}: expected at most {self.memory_size}, the number of keys."
            )
        centres = faiss.IndexFlatIP(key_dim)
        self._index = faiss.IndexIVFFlat(centres, key_dim, num_lists, faiss.METRIC_INNER_PRODUCT)
        self._index.cp.seed = _SEED
        self._index.cp.max_points_per_centroid = _TRAINING_KEYS_PER_LIST
        self._index.train(keys)
        self._index.add(keys)
        self._index.nprobe = min(num_probes, num_lists)

    @property
    def num_lists(self) -> int:
        """How many lists the keys are sorted into."""
        return self._index.nlist

    @property
    def num_probes(self) -> int:
        """How many lists are searched for each query."""
        return self._index.nprobe

    @num_probes.setter
    def num_probes(self, num_probes: int):
        check_at_least("num_probes", num_probes, 1)
        self._index.nprobe = min(num_probes, self.num_lists)

    def search(self, queries, count: int) -> tf.Tensor:
        """The addresses of the largest inner products that were found, best first.

        Args:
            queries: float32 [B, E].
            count: how many for each query.

        Returns:
            int32 [B, count]; -1 where the searched lists hold no more.

        Raises:
            InvalidArgumentError: for vectors of another size than the keys'.
        """
        check_at_least("count", count, 1)
        queries = np.ascontiguousarray(queries, np.float32)
        if queries.ndim != 2 or queries.shape[1] != self._index.d:
            raise InvalidArgumentError(
                f"queries of shape {queries.shape}: expected [B, {self._index.d}]."
            )
        _, address = self._index.search(queries, count)
        return tf.constant(address, tf.int32)


def _faiss():
    try:
        import faiss
    except ImportError as error:
        raise MissingPackageError(
            "KeyIndex needs the package faiss: pip install 'tfvma[index]'."
        ) from error
    return faiss
