"""The index finds what enumeration finds, and says what it cannot do."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from tests.large_memory.reference import scores_of, vectors
from tfvma.errors import InvalidArgumentError, MissingPackageError
from tfvma.large_memory.key_index import KeyIndex

QUERIES, KEYS = vectors(5, 0), vectors(2000, 1)


@pytest.fixture
def _faiss():
    pytest.importorskip("faiss", reason="faiss is not installed: pip install 'tfvma[index]'")


needs_faiss = pytest.mark.usefixtures("_faiss")


@needs_faiss
def test_all_lists_searched_give_the_exact_best_in_order():
    index = KeyIndex(KEYS, num_lists=20, num_probes=20)
    expected = np.argsort(-scores_of(QUERIES, KEYS), axis=1)[:, :10]
    found = index.search(QUERIES, 10)
    assert found.dtype == "int32"
    np.testing.assert_array_equal(found, expected)


@needs_faiss
def test_fewer_lists_find_fewer():
    """Each query's lists are some of those of a longer search: what is found only grows."""
    index = KeyIndex(KEYS, num_lists=20, num_probes=1)
    best = np.argsort(-scores_of(QUERIES, KEYS), axis=1)[:, :10]
    recalls = []
    for num_probes in (1, 5, 20):
        index.num_probes = num_probes
        found = index.search(QUERIES, 10).numpy()
        recalls.append(np.mean([np.isin(f, b).mean() for f, b in zip(found, best, strict=True)]))
    assert recalls[0] < recalls[1] < recalls[2] == 1.0


@needs_faiss
def test_the_same_keys_give_the_same_index():
    first, again = (KeyIndex(KEYS, num_probes=1).search(QUERIES, 10) for _ in range(2))
    np.testing.assert_array_equal(first, again)


@needs_faiss
def test_what_is_not_there_is_minus_one():
    found = KeyIndex(KEYS[:3]).search(QUERIES, 5).numpy()
    np.testing.assert_array_equal(np.sort(found, axis=1), np.tile([-1, -1, 0, 1, 2], (5, 1)))


@needs_faiss
def test_number_of_lists_follows_the_memory():
    assert KeyIndex(KEYS).num_lists == 50
    assert KeyIndex(KEYS[:1]).num_lists == 1
    index = KeyIndex(KEYS, num_lists=7, num_probes=99)
    assert (index.num_lists, index.num_probes) == (7, 7)


@needs_faiss
@pytest.mark.parametrize(
    ("keys", "options", "message"),
    [
        (KEYS[0], {}, r"keys of shape \(8,\): expected \[M, E\]"),
        (KEYS[:0], {}, r"keys of shape \(0, 8\): expected \[M, E\]"),
        (KEYS, {"num_lists": 0}, "num_lists=0: expected at least 1"),
        (KEYS, {"num_lists": 2001}, "num_lists=2001: expected at most 2000"),
        (KEYS, {"num_probes": 0}, "num_probes=0: expected at least 1"),
    ],
)
def test_what_cannot_be_indexed_is_named(keys, options, message):
    with pytest.raises(InvalidArgumentError, match=message):
        KeyIndex(keys, **options)


@needs_faiss
def test_queries_of_another_size_are_named():
    with pytest.raises(InvalidArgumentError, match=r"queries of shape \(5, 7\): expected \[B, 8\]"):
        KeyIndex(KEYS).search(QUERIES[:, :7], 5)


def test_without_faiss_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'tfvma\[index\]'"):
        KeyIndex(KEYS)
