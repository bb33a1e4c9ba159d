"""Times several things in turns, so that all of them have their share of the machine's moods."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from tqdm import tqdm

Setting = TypeVar("Setting")


def take_turns(
    settings: Sequence[Setting],
    make_step: Callable[[Setting], Callable[[], None]],
    name: Callable[[Setting], str],
    rounds: int,
    steps: int,
) -> tuple[dict[Setting, list[float]], float]:
    """Milliseconds of every timed step, and the best float32 matrix rate of the run.

    Args:
        settings: what takes turns.
        make_step: makes the step of a setting, compiled.
        name: of a setting, for the progress bar.
        rounds: how often each has its turn.
        steps: timed in each turn.
    """
    from benchmarks.machine import matrix_rate

    with tqdm(total=len(settings) * (rounds + 1), unit="turn", file=sys.stderr) as progress:
        run_step = {}
        for setting in settings:
            progress.set_description(f"compiling {name(setting)}")
            run_step[setting] = make_step(setting)
            progress.update()
        milliseconds = {setting: [] for setting in settings}
        rates = []
        for _ in range(rounds):
            rates.append(matrix_rate())
            for setting in settings:
                progress.set_description(f"timing {name(setting)}")
                milliseconds[setting] += time_steps(run_step[setting], steps)
                progress.update()
    return milliseconds, max(rates)


def time_steps(run_step: Callable[[], None], steps: int) -> list[float]:
    """Milliseconds of `steps` steps, after one that finds the caches of another setting."""
    run_step()
    milliseconds = []
    for _ in range(steps):
        start = time.perf_counter()
        run_step()
        milliseconds.append(1e3 * (time.perf_counter() - start))
    return milliseconds
