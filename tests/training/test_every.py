from __future__ import annotations

import pytest

from tfvma.training.every import is_due, steps_per_execution


@pytest.mark.parametrize(
    ("interval", "before", "step", "due"),
    [
        (5, 4, 5, True),
        (5, 5, 6, False),
        (5, 3, 13, True),
        (5, 10, 14, False),
        (5, 98, 99, True),
        (0, 98, 99, False),
    ],
)
def test_is_due_at_multiples_and_at_the_end(interval, before, step, due):
    assert is_due(interval, before, step, last=99) is due


@pytest.mark.parametrize(
    ("intervals", "expected"),
    [((100, 1000, 500), 10), ((100, 25), 5), ((7, 100), 1), ((12, 0), 6), ((0, 0), 10)],
)
def test_executions_end_at_multiples_of_every_interval(intervals, expected):
    assert steps_per_execution(intervals) == expected
