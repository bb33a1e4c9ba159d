"""More characters to train on: copies of the same ones, drawn a little differently."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence

import numpy as np

from tfvma.data import omniglot, omniglot_gmn
from tfvma.data.characters import CharacterSet
from tfvma.errors import InvalidArgumentError
from tfvma.validation import check_at_least, check_choice

# Of others the drawings are not there in the size in which they were drawn.
_LOADERS = {
    "omniglot26": omniglot.load,
    "omniglot26_tuning": omniglot.load_tuning,
    "gmn": omniglot_gmn.load,
}


def with_warped_copies(
    characters: CharacterSet,
    copies: int,
    data_dir: str | os.PathLike | None = None,
    alike: bool = False,
) -> CharacterSet:
    """Every character once as it is and `copies` times warped: C (1 + copies) characters.

    Drawings of a copy are warped (`tfvma.data.warp`) before they are shrunk. Each on its own:
    those of one character then differ in more ways than 20 people's. Or `alike`: they differ as
    they do in the original. A copy is a character of its own; now and then an episode has two
    copies of one character, as other classes. The first C are those that came; those of copy i
    are called "<name>_warped<i>".

    Args:
      characters: of "omniglot26", "omniglot26_tuning" or "gmn".
      copies: how many.
      data_dir: as in `load_characters`.
      alike: whether all drawings of one character of a copy are warped in one way.

    Raises InvalidArgumentError for another dataset, or for characters that are not in it as they
    are, such as turned ones: these are turned after they are warped. DataError as
    `load_characters`.
    """
    check_choice("name", characters.name, _LOADERS)
    check_at_least("copies", copies, 0)
    load = _LOADERS[characters.name]
    parts = [characters]
    for copy in range(1, copies + 1):
        loaded = load(characters.split, data_dir, copy, alike)
        names = tuple(f"{name}_warped{copy}" for name in characters.characters)
        drawings = loaded.drawings[_indices(characters.characters, loaded)]
        parts.append(dataclasses.replace(loaded, drawings=drawings, characters=names))
    return _joined(parts)


def _indices(names: Sequence[str], loaded: CharacterSet) -> list[int]:
    found = {name: index for index, name in enumerate(loaded.characters)}
    for name in names:
        if name not in found:
            raise InvalidArgumentError(
                f"characters with {name!r}: expected characters of {loaded.name} ({loaded.split}) "
                "as they are, neither turned nor warped."
            )
    return [found[name] for name in names]


def _joined(parts: Sequence[CharacterSet]) -> CharacterSet:
    return dataclasses.replace(
        parts[0],
        drawings=np.concatenate([part.drawings for part in parts]),
        characters=tuple(name for part in parts for name in part.characters),
    )
