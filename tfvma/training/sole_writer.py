"""One process at a time in the folder of a run."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tfvma.errors import OutputError

_HELD = (errno.EWOULDBLOCK, errno.EACCES)


@contextmanager
def sole_writer(run_dir: Path) -> Iterator[None]:
    """Keeps other processes from training the same run: two would mix their logs and checkpoints.

    The lock is gone with the process, however it ends. Where the file system knows no locks there
    is none.

    Raises OutputError where another process has it.
    """
    folder = os.open(run_dir, os.O_RDONLY)
    try:
        _lock(folder, run_dir)
        yield
    finally:
        os.close(folder)


def _lock(folder: int, run_dir: Path) -> None:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            raise OutputError(
                f"run_dir={str(run_dir)!r}: this run is being trained already; expected that "
                "it is stopped first, or another --name."
            ) from error
