"""Processes side by side, stopped together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import NamedTuple

_POLL_SECONDS = 0.2


class Job(NamedTuple):
    """A Python process.

    name: for people.
    arguments: of Python.
    output: the file that takes what it prints.
    """

    name: str
    arguments: Sequence[str]
    output: Path


class Ended(NamedTuple):
    """A job and its exit code; `last_line` is the last that it printed."""

    job: Job
    code: int
    last_line: str


class Processes:
    """Runs jobs, so many at a time, in their order.

    SIGTERM and Ctrl-C are handed to the processes under way, and no other is started; a second
    signal goes to them too.

    Args:
        at_a_time: how many.
        environment: variables that the processes get besides ours.
    """

    def __init__(self, at_a_time: int, environment: Mapping[str, str]):
        self._at_a_time = at_a_time
        self._environment = {**os.environ, **environment}
        self._running: dict[subprocess.Popen, Job] = {}
        self.stopped_by: signal.Signals | None = None

    def jobs(self) -> list[Job]:
        """Those under way."""
        return list(self._running.values())

    def run(
        self,
        jobs: Sequence[Job],
        started: Callable[[Job], None],
        ended: Callable[[Ended], None],
        waiting: Callable[[], None],
    ) -> None:
        """Returns when all have ended, or those under way after a signal.

        Args:
            jobs: in the order in which they start.
            started, ended: called for each.
            waiting: called several times a second.
        """
        pending = list(jobs)
        with ExitStack() as stack:
            for number in (signal.SIGINT, signal.SIGTERM):
                stack.callback(signal.signal, number, signal.signal(number, self._stop))
            while self._running or (pending and self.stopped_by is None):
                while pending and len(self._running) < self._at_a_time and not self.stopped_by:
                    job = pending.pop(0)
                    self._start(job)
                    started(job)
                time.sleep(_POLL_SECONDS)
                for process in [p for p in self._running if p.poll() is not None]:
                    job = self._running.pop(process)
                    ended(Ended(job, process.returncode, _last_line(job.output)))
                waiting()

    def _start(self, job: Job) -> None:
        job.output.parent.mkdir(parents=True, exist_ok=True)
        with job.output.open("a", encoding="utf-8") as output:
            process = subprocess.Popen(
                [sys.executable, *job.arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment,
                # Ctrl-C of a terminal reaches it through us alone.
                start_new_session=True,
            )
        self._running[process] = job

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopped_by = signal.Signals(number)
        for process in self._running:
            process.send_signal(signal.SIGTERM)


def _last_line(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
