"""Does the runs of a study, side by side, and says how far they are."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from tqdm import tqdm

from tfvma.study.outcome import check_same, is_done, read_outcome, run_folder
from tfvma.study.processes import Ended, Job, Processes
from tfvma.study.tasks import Run
from tfvma.study.time_left import seconds_left
from tfvma.study.worker import ONE_THREAD, arguments_of
from tfvma.training.log import read_log

_WORKER = "tfvma.study.worker"
_SECONDS_BETWEEN_LINES = 60.0


class Runner:
    """Does those runs that are not done.

    Args:
        runs: in the order in which they start.
        runs_dir: holds a folder for each task.
        data_dir: as for train.py.
        worker: the module that does one run.
        stream: where progress is shown.

    Raises CheckpointError where a run that is there is of another configuration.
    """

    def __init__(
        self,
        runs: Sequence[Run],
        runs_dir: Path,
        data_dir: str | None,
        worker: str = _WORKER,
        stream: TextIO = sys.stderr,
    ):
        for run in runs:
            check_same(runs_dir, run)
        self._runs = {str(run_folder(runs_dir, run)): run for run in runs}
        self._runs_dir = runs_dir
        self._data_dir = data_dir
        self._worker = worker
        self._stream = stream
        self._failed = 0
        self._at_a_time = 1
        self._last_line = time.monotonic()

    def run(self, at_a_time: int) -> int:
        """Returns 0, 1 where a run failed, or 128 + the signal that stopped them."""
        self._at_a_time = at_a_time
        jobs = [self._job(run) for run in self._runs.values() if not self._is_done(run)]
        processes = Processes(at_a_time, ONE_THREAD)
        self._say(self._standing())
        processes.run(
            jobs,
            started=lambda job: self._say(f"{job.name}: started"),
            ended=lambda end: self._ended(end, processes.stopped_by is not None),
            waiting=lambda: self._wait(processes.jobs()),
        )
        if processes.stopped_by is not None:
            self._say(f"{processes.stopped_by.name}: stopped; the same command goes on.")
            return 128 + processes.stopped_by
        return 1 if self._failed else 0

    def _job(self, run: Run) -> Job:
        arguments = arguments_of(run, self._runs_dir, self._data_dir)
        return Job(
            name=f"{run.task.name}/{run.name}",
            arguments=["-m", self._worker, *arguments],
            output=run_folder(self._runs_dir, run) / "output.txt",
        )

    def _ended(self, end: Ended, stopping: bool) -> None:
        if end.code == 0:
            outcome = read_outcome(end.job.output.parent)
            self._say(
                f"{end.job.name}: {outcome.step} steps, {outcome.cpu_seconds:.0f} s, ended by "
                f"{outcome.ended_by}; {self._standing()}"
            )
        elif not stopping:
            self._failed += 1
            self._say(f"{end.job.name}: failed, see {end.job.output}: {end.last_line}")

    def _wait(self, jobs: Sequence[Job]) -> None:
        if time.monotonic() - self._last_line >= _SECONDS_BETWEEN_LINES:
            under_way = [self._progress(self._runs[str(job.output.parent)]) for job in jobs]
            self._say("; ".join([*under_way, self._standing()]))

    def _progress(self, run: Run) -> str:
        rows = read_log(run_folder(self._runs_dir, run) / "log.csv")
        if not rows:
            return f"{run.name} starts"
        held_out = [f", NLL {-row['val_iw_bound']:.1f}" for row in rows if "val_iw_bound" in row]
        last = rows[-1]
        latest = "".join(held_out[-1:])
        return f"{run.name} step {last['step']}, {last['cpu_seconds']:.0f} s{latest}"

    def _standing(self) -> str:
        runs = list(self._runs.values())
        done = sum(map(self._is_done, runs))
        left = tqdm.format_interval(seconds_left(runs, self._runs_dir, self._at_a_time))
        return f"{done} of {len(runs)} runs done, {left} left"

    def _is_done(self, run: Run) -> bool:
        return is_done(self._runs_dir, run)

    def _say(self, line: str) -> None:
        self._last_line = time.monotonic()
        print(line, file=self._stream, flush=True)
