"""Numbers of another kind are refused in the words of those that are too small."""

from __future__ import annotations

import numpy as np
import pytest

from tfvma.errors import InvalidArgumentError
from tfvma.validation import check_at_least, check_seed


@pytest.mark.parametrize("value", [2, 3, np.int32(2), np.int64(9)])
def test_whole_numbers_that_are_large_enough(value):
    check_at_least("shots", value, 2)


@pytest.mark.parametrize("value", [0.5, 1, np.float32(0.5)])
def test_numbers_that_are_large_enough(value):
    check_at_least("l2", value, 0.5)


@pytest.mark.parametrize(
    ("value", "minimum", "message"),
    [
        (1, 2, "n=1: expected at least 2."),
        (2.5, 2, "n=2.5: expected a whole number of at least 2."),
        (4.0, 2, "n=4.0: expected a whole number of at least 2."),
        ("4", 2, "n='4': expected a whole number of at least 2."),
        (True, 1, "n=True: expected a whole number of at least 1."),
        (None, 2, "n=None: expected a whole number of at least 2."),
        (-0.5, 0.0, "n=-0.5: expected at least 0.0."),
        (float("nan"), 0.0, "n=nan: expected at least 0.0."),
        ("4", 0.0, "n='4': expected a number of at least 0.0."),
    ],
)
def test_what_is_refused(value, minimum, message):
    with pytest.raises(InvalidArgumentError) as error:
        check_at_least("n", value, minimum)
    assert str(error.value) == message


def test_the_reason_ends_the_sentence():
    with pytest.raises(InvalidArgumentError, match=r"n=1: expected at least 2 \(because\)\."):
        check_at_least("n", 1, 2, "because")


@pytest.mark.parametrize("value", [-1, 2**31, 0.5, "1"])
def test_seeds(value):
    check_seed("seed", 2**31 - 1)
    with pytest.raises(InvalidArgumentError, match="expected 0 to 2147483647"):
        check_seed("seed", value)
