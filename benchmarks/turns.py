"""Times several things in turns, so that all of them have their share of the machine's moods."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection
from typing import TypeVar

from tqdm import tqdm

from benchmarks.timing import time_calls

Setting = TypeVar("Setting")


def take_turns(
    settings: Sequence[Setting],
    make_step: Callable[[Setting], Callable[[], None]],
    one_thread: Callable[[Setting], bool],
    name: Callable[[Setting], str],
    rounds: int,
    steps: int,
) -> tuple[dict[Setting, list[float]], float]:
    """Milliseconds of every timed step, and the best float32 matrix rate of the run.

    TensorFlow takes its number of threads once per process: those settings whose
    operations have one thread each run in one process, the others in another, and one
    waits while the other works.

    Args:
        settings: what takes turns.
        make_step: makes the step of a setting, compiled; a process can be handed it.
        one_thread: whether a setting's operations have one thread each.
        name: of a setting, for the progress bar.
        rounds: how often each has its turn.
        steps: timed in each turn.
    """
    from benchmarks.machine import matrix_rate

    with (
        ExitStack() as stack,
        tqdm(total=len(settings) * (rounds + 1), unit="turn", file=sys.stderr) as progress,
    ):
        workers = {
            kind: stack.enter_context(Worker(make_step, kind))
            for kind in sorted(set(map(one_thread, settings)))
        }
        for setting in settings:
            progress.set_description(f"compiling {name(setting)}")
            workers[one_thread(setting)].time(setting, 1)
            progress.update()
        milliseconds = {setting: [] for setting in settings}
        rates = []
        for _ in range(rounds):
            for setting in settings:
                progress.set_description(f"timing {name(setting)}")
                rates.append(matrix_rate())
                milliseconds[setting] += workers[one_thread(setting)].time(setting, steps)
                progress.update()
    return milliseconds, max(rates)


class Worker:
    """A process that makes steps and times them; it ends with the block.

    Args:
        make_step: as in `take_turns`.
        one_thread: how the process uses its cores.
    """

    def __init__(self, make_step: Callable[[Setting], Callable[[], None]], one_thread: bool):
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        self._process = context.Process(target=_work, args=(other, make_step, one_thread))

    def __enter__(self) -> Worker:
        self._process.start()
        return self

    def __exit__(self, *_) -> None:
        self._process.terminate()
        self._process.join()

    def time(self, setting: Setting, steps: int) -> list[float]:
        """Milliseconds of `steps` steps of a setting; its error where it cannot be made."""
        self._connection.send((setting, steps))
        result = self._connection.recv()
        if isinstance(result, Exception):
            raise result
        return result


def _work(connection: Connection, make_step, one_thread: bool) -> None:
    from tfvma.training.threads import one_thread_per_operation

    if one_thread:
        one_thread_per_operation()
    run_step = {}
    while True:
        setting, steps = connection.recv()
        try:
            if setting not in run_step:
                run_step[setting] = make_step(setting)
            connection.send(time_calls(run_step[setting], steps))
        except Exception as error:
            connection.send(error)
