"""More characters to train on: the same ones turned."""

from __future__ import annotations

import dataclasses

import numpy as np

from tfvma.data.characters import CharacterSet
from tfvma.errors import DataError

# Counter-clockwise, in degrees.
_ANGLES = (0, 90, 180, 270)


def turned(characters: CharacterSet) -> CharacterSet:
    """Every character four times, turned by 0, 90, 180 and 270 degrees: 4C characters.

    All drawings of a character turn together, so that each angle is a character of its own
    (Santoro et al., ICML 2016); the first C are those that came, and a turned one is
    called "<name>_<degrees>".

    Raises DataError where images are not square.
    """
    height, width, _ = characters.image_shape
    if height != width:
        raise DataError(
            f"{characters.name!r} ({characters.split}) with images of {height}x{width}: expected "
            "square ones, to be turned by 90 degrees."
        )
    drawings = [np.rot90(characters.drawings, angle // 90, axes=(2, 3)) for angle in _ANGLES]
    names = [
        f"{name}_{angle}" if angle else name for angle in _ANGLES for name in characters.characters
    ]
    return dataclasses.replace(
        characters, drawings=np.concatenate(drawings), characters=tuple(names)
    )
