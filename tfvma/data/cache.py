"""Arrays that take seconds to make, kept on disk.

A file is an .npz followed by a SHA-256 of its key and its bytes.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

_DIGEST_SIZE = 32


def cache_dir() -> Path:
    """$TFVMA_CACHE_DIR, else ~/.cache/tfvma."""
    folder = os.environ.get("TFVMA_CACHE_DIR")
    return Path(folder) if folder else Path.home() / ".cache" / "tfvma"


def cache_path(key: str) -> Path:
    """The file in which the arrays of `key` are kept."""
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", key)[:40].strip("-.")
    return cache_dir() / f"{readable}-{_digest(key).hex()[:16]}.npz"


def cached_arrays(key: str, build: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Returns the arrays kept under `key`, or builds and keeps them.

    Args:
      key: names everything that the arrays depend on.
      build: makes the arrays; called where the cache holds none or a damaged file. Its
        errors pass through and nothing is kept.

    A folder that cannot be written to gives a warning: the arrays are built each time.
    """
    path = cache_path(key)
    arrays = _read(path, key)
    if arrays is None:
        arrays = build()
        try:
            _write(path, key, arrays)
        except OSError as error:
            warnings.warn(
                f"cannot keep prepared data in {str(path.parent)!r} ({error.strerror}); "
                "set TFVMA_CACHE_DIR to a folder that can be written to.",
                stacklevel=2,
            )
    return arrays


def _digest(key: str, content: bytes = b"") -> bytes:
    return hashlib.sha256(key.encode() + b"\0" + content).digest()


def _read(path: Path, key: str) -> dict[str, np.ndarray] | None:
    try:
        whole = path.read_bytes()
    except OSError:
        return None
    content, digest = whole[:-_DIGEST_SIZE], whole[-_DIGEST_SIZE:]
    if digest != _digest(key, content):
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _write(path: Path, key: str, arrays: dict[str, np.ndarray]) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    content = buffer.getvalue()
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(content + _digest(key, content))
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
