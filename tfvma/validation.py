"""Checks of arguments, each ending in one sentence that a user can act on."""

from __future__ import annotations

import os
from collections.abc import Collection
from numbers import Integral, Real
from pathlib import Path

from tfvma.errors import InvalidArgumentError, OutputError

_MAX_SEED = 2**31 - 1


def check_choice(name: str, value: object, choices: Collection[object]) -> None:
    """Raises InvalidArgumentError unless `value` is one of `choices`."""
    if value not in choices:
        expected = ", ".join(sorted(map(repr, choices)))
        raise InvalidArgumentError(f"{name}={value!r}: expected one of {expected}.")


def check_at_least(name: str, value: int | float, minimum: int | float, why: str = "") -> None:
    """Raises InvalidArgumentError unless `value >= minimum`; `why` ends the sentence.

    Where `minimum` is a whole number, `value` has to be one too.
    """
    whole = isinstance(minimum, int)
    fits = isinstance(value, Integral if whole else Real) and not isinstance(value, bool)
    if not (fits and value >= minimum):
        kind = "" if fits else "a whole number of " if whole else "a number of "
        reason = f" ({why})" if why else ""
        raise InvalidArgumentError(f"{name}={value!r}: expected {kind}at least {minimum}{reason}.")


def check_seed(name: str, value: int) -> None:
    """Raises InvalidArgumentError for a seed that TensorFlow's int32 or NumPy cannot hold."""
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not (whole and 0 <= value <= _MAX_SEED):
        raise InvalidArgumentError(f"{name}={value!r}: expected 0 to {_MAX_SEED}.")


def check_folder_name(name: str, value: str) -> None:
    """Raises InvalidArgumentError unless `value` can be the name of a folder, and is no path."""
    if value in ("", ".", "..") or Path(value).name != value:
        raise InvalidArgumentError(f"{name}={value!r}: expected the name of a folder, no path.")


def check_writable(name: str, folder: str | os.PathLike) -> Path:
    """Makes `folder` if needed and returns it; raises OutputError if it takes no files."""
    path = Path(folder)
    probe = path / f".write-test-{os.getpid()}"
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OutputError(
            f"{name}={str(folder)!r}: expected a folder that can be written to ({error.strerror})."
        ) from error
    return path
