"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path, suffix: str = "") -> Iterator[Path]:
    """A path beside `path` to write to; it takes the place of `path` when the block ends.

    The path ends in `suffix`, for writers that go by it.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part{suffix}")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
