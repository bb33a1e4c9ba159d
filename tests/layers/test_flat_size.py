from __future__ import annotations

import pytest

from tfvma.errors import InvalidArgumentError
from tfvma.layers.flat_size import flat_size


def test_the_first_dimension_does_not_count():
    assert flat_size((None, 3, 4), "some") == 12
    assert flat_size((5, 7), "some") == 7


def test_what_is_not_known_is_named():
    with pytest.raises(InvalidArgumentError, match=r"\(5, None, 4\): expected .* 'some' has"):
        flat_size((5, None, 4), "some")
