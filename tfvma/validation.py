"""Checks of arguments, each ending in one sentence that a user can act on."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from tfvma.errors import InvalidArgumentError, OutputError


def check_choice(name: str, value: object, choices: Collection[object]) -> None:
    """Raises InvalidArgumentError unless `value` is one of `choices`."""
    if value not in choices:
        expected = ", ".join(sorted(map(repr, choices)))
        raise InvalidArgumentError(f"{name}={value!r}: expected one of {expected}.")


def check_at_least(name: str, value: int | float, minimum: int | float, why: str = "") -> None:
    """Raises InvalidArgumentError unless `value >= minimum`; `why` ends the sentence."""
    if not value >= minimum:
        reason = f" ({why})" if why else ""
        raise InvalidArgumentError(f"{name}={value!r}: expected at least {minimum}{reason}.")


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
