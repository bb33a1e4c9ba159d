"""One process at a time in what reads a file and writes it again."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tfvma.errors import OutputError


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Waits until no other process is in a block of the same path.

    The lock is a file beside `path`, which is gone afterwards. Where the file system knows no
    locks nothing is waited for.

    Raises OutputError where the folder cannot be written to.
    """
    lock = path.with_name(f".{path.name}.lock")
    held = _hold(lock, path)
    try:
        yield
    finally:
        # Before the lock is let go, so that the name is never another's.
        lock.unlink(missing_ok=True)
        os.close(held)


def _hold(lock: Path, path: Path) -> int:
    while True:
        try:
            descriptor = os.open(lock, os.O_CREAT | os.O_RDWR)
        except OSError as error:
            raise OutputError(
                f"output={str(path)!r}: cannot be written ({error.strerror})."
            ) from error
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if _is_at(descriptor, lock):
            return descriptor
        # Who had it before has removed it: what was waited for is no longer the lock.
        os.close(descriptor)


def _is_at(descriptor: int, lock: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), lock.stat())
    except FileNotFoundError:
        return False
