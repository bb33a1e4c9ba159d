"""The benchmark's ways read what they should, and its tables hold what it promises."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import address_latency
from benchmarks.address_calls import PRODUCTS, make_calls, read_by_gumbel
from benchmarks.bound_loss import bound_in_groups
from benchmarks.drawn_keys import _variants
from benchmarks.timing import summary, time_calls
from tests.large_memory.reference import log_probs, vectors

QUERIES, KEYS = tf.constant(vectors(2, 0)), tf.constant(vectors(50, 1))
PRIOR_QUERY = tf.constant(vectors(1, 2)[0])


def test_every_way_runs():
    calls = make_calls(QUERIES, PRIOR_QUERY, KEYS, index=None)
    assert set(PRODUCTS) < set(calls)
    for call in calls.values():
        assert len(time_calls(call, 2)) == 2


def test_reading_by_gumbel_gives_densities_of_the_softmax():
    found = read_by_gumbel(QUERIES, PRIOR_QUERY, KEYS).numpy()
    log_q, log_p = log_probs(QUERIES, KEYS), log_probs(PRIOR_QUERY[np.newaxis], KEYS)[0]
    for b in range(2):
        distances = np.abs(found[:, b, np.newaxis] - (log_q[b] + log_p))
        assert distances.min(axis=1).max() < 1e-4


def test_variants_are_distinct_and_first_the_drawings():
    drawings = np.random.default_rng(0).random((3, 5, 5)) < 0.5
    variants = _variants(drawings, 3 * 72)
    np.testing.assert_array_equal(variants[:3, ..., 0], drawings)
    assert len(np.unique(variants.reshape(216, -1), axis=0)) == 216
    assert _variants(drawings, 7).shape == (7, 5, 5, 1)


def test_bound_in_groups():
    weights = tf.constant([[0.0], [1.0], [2.0], [3.0]])
    pairs = [np.log((np.exp(a) + np.exp(a + 1)) / 2) for a in (0.0, 2.0)]
    np.testing.assert_allclose(bound_in_groups(weights, 2), [np.mean(pairs)], rtol=1e-6)
    np.testing.assert_allclose(bound_in_groups(weights, 1), [1.5], rtol=1e-6)


def test_summary():
    assert summary([3.0, 1.0, 2.0, 5.0, 4.0]) == {
        "timed_calls": 5,
        "milliseconds": 3.0,
        "minimum": 1.0,
        "quartiles": [2.0, 4.0],
    }


@pytest.mark.parametrize(
    "option", [["--rounds", "0"], ["--calls", "0"], ["--memory-sizes", "8", "0"]]
)
def test_bad_option_is_named(option, capsys):
    assert address_latency.main(option) == 2
    assert capsys.readouterr().err == f"error: {option[0]}=0: expected at least 1.\n"


def test_written_results_give_the_tables():
    path = address_latency._RESULTS
    result = json.loads(path.read_text())
    assert address_latency.table(result["rows"]).count("\n") == len(result["rows"]) + 1
    assert address_latency.bound_table(result["bounds"]).count("\n") == len(result["bounds"]) + 1
