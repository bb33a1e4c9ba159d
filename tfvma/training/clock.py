"""Seconds of training, over all the times a run was resumed."""

from __future__ import annotations

import time


class Clock:
    """Goes on from `elapsed` seconds."""

    def __init__(self, elapsed: float):
        self._start = time.monotonic() - elapsed

    def seconds(self) -> float:
        """The seconds so far."""
        return time.monotonic() - self._start
