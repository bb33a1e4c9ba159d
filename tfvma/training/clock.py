"""Seconds of training, over all the times a run was resumed."""

from __future__ import annotations

import time


class Clock:
    """Counts from `elapsed` seconds on once it is started."""

    def __init__(self):
        self._elapsed = 0.0
        self._since: float | None = None

    def start(self, elapsed: float) -> None:
        """Goes on from `elapsed` seconds."""
        self._elapsed = elapsed
        self._since = time.monotonic()

    def seconds(self) -> float:
        """The seconds so far."""
        if self._since is None:
            return self._elapsed
        return self._elapsed + time.monotonic() - self._since
