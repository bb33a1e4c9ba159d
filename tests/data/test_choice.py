"""Draws without repeats: counted over all sequences of candidates, and at both sizes."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from tfvma.data import choice
from tfvma.data.choice import choose


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("size", [5, 4_000])
def test_numbers_are_different_and_in_range(size, count):
    for index in range(50):
        drawn = choose(size, count, tf.constant([3, index], tf.int64)).numpy()
        assert drawn.dtype == np.int32
        assert len(set(drawn.tolist())) == count
        assert drawn.min() >= 0 and drawn.max() < size


def test_all_of_a_set_are_drawn_when_all_are_asked_for():
    drawn = choose(7, 7, tf.constant([0, 0], tf.int64)).numpy()
    assert sorted(drawn.tolist()) == list(range(7))


def test_every_number_of_a_large_set_can_be_drawn():
    drawn = [choose(40, 5, tf.constant([0, index], tf.int64)).numpy() for index in range(200)]
    assert set(np.concatenate(drawn).tolist()) == set(range(40))


def test_order_of_first_occurrence_is_a_uniform_choice(monkeypatch):
    """All sequences of candidates give every ordered pair of different numbers equally often."""
    size, count, length = 3, 2, 5
    monkeypatch.setattr(choice, "_RARE", 1)
    monkeypatch.setattr(choice, "_SPARE", length - 2 * count)
    counts = Counter()
    for candidates in itertools.product(range(size), repeat=length):
        if len(set(candidates)) < count:
            continue
        monkeypatch.setattr(
            tf.random,
            "stateless_uniform",
            lambda shape, seed, *, given=candidates, **_: tf.reshape(
                tf.constant(given, tf.int64), shape
            ),
        )
        counts[tuple(choose(size, count, None).numpy().tolist())] += 1
    assert set(counts) == set(itertools.permutations(range(size), count))
    assert len(set(counts.values())) == 1


def test_choices_do_not_depend_on_the_platform():
    seed = tf.constant([2017, 40_000], tf.int64)
    assert choose(50_000, 4, seed).numpy().tolist() == [25762, 26023, 29642, 37884]
