"""How many numbers a layer flattens."""

from __future__ import annotations

import math

from tfvma.errors import InvalidArgumentError


def flat_size(shape: tuple[int | None, ...], layer: str) -> int:
    """Of each of N inputs of this shape [N, ...].

    Raises InvalidArgumentError where it is not known, as for images of any size: `layer` has
    weights for each number.
    """
    if None in shape[1:]:
        raise InvalidArgumentError(
            f"inputs of shape {tuple(shape)}: expected a known size after the first dimension, "
            f"since {layer!r} has weights for each number."
        )
    return math.prod(shape[1:])
