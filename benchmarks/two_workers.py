"""Times training on two workers beside one, in episodes per second.

    python -m benchmarks.two_workers

See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from benchmarks.command import fill_in, new_parser, run_command
from tfvma.errors import InvalidArgumentError

_ROOT = Path(__file__).parents[1]
_RESULTS = Path(__file__).parent / "results" / "two_workers.json"
# Far more than a turn takes: a worker whose neighbour fails at once would wait for ever.
_SECONDS = 900
_COLUMNS = ("setting", "episodes/s", "quartiles", "ideal", "ratio")


class Setting(NamedTuple):
    """workers: processes; cores: of each of them; episodes: per step, of all together."""

    workers: int
    cores: int
    episodes: int

    @property
    def words(self) -> str:
        one = self.workers == 1
        processes = "1 process" if one else f"{self.workers} workers"
        cores = f"{self.cores} core" + ("s" if self.cores > 1 else "")
        return f"{processes}, {cores}{'' if one else ' each'}"


_ONE_CORE = Setting(workers=1, cores=1, episodes=1)
_SETTINGS = (
    _ONE_CORE,
    Setting(workers=2, cores=1, episodes=2),
    Setting(workers=1, cores=2, episodes=2),
)


_FULL = {"rounds": 2, "steps": 30, "output": _RESULTS}
_QUICK = {"rounds": 1, "steps": 2}


def parser() -> argparse.ArgumentParser:
    options = new_parser("two_workers", __doc__, _FULL["rounds"], quick="1 round of 2 steps")
    options.add_argument(
        "--steps", type=int, metavar="N", help=f"timed steps in each turn ({_FULL['steps']})"
    )
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; returns its exit code."""
    options = parser().parse_args(arguments)
    return run_command(lambda: run(resolve(options)))


def resolve(options: argparse.Namespace) -> argparse.Namespace:
    """Fills in what was not given; raises InvalidArgumentError or OutputError."""
    if len(_cores()) < 2:
        raise InvalidArgumentError(
            f"cores={_cores()}: expected at least two that processes can be bound to, on Linux."
        )
    return fill_in(options, _FULL, _QUICK)


def run(options: argparse.Namespace) -> None:
    """Measures, prints the table, and writes it where `options.output` says."""
    # All settings take turns, so that they share the machine's moods.
    seconds = {setting: [] for setting in _SETTINGS}
    with tqdm(total=options.rounds * len(_SETTINGS), unit="turn", file=sys.stderr) as progress:
        for _ in range(options.rounds):
            for setting in _SETTINGS:
                progress.set_description(setting.words)
                seconds[setting] += time_turn(setting, options.steps)
                progress.update()
    rows = make_rows(seconds)

    # Imports TensorFlow, which takes seconds.
    from benchmarks.machine import describe_machine, versions
    from tfvma.training.atomic import replacing

    machine = describe_machine()
    result = {"machine": machine, "versions": versions(), "rows": rows}
    print(f"{machine['processor']}, {machine['cores']} cores\n")
    print(table(rows))
    if options.output is not None:
        with replacing(options.output) as path:
            path.write_text(json.dumps(result, indent=1) + "\n")


def time_turn(setting: Setting, steps: int) -> list[float]:
    """Seconds of each of `steps` steps, from processes of their own."""
    cores = _cores()
    with ExitStack() as stack:
        workers = []
        addresses = _free_addresses(setting.workers)
        for index in range(setting.workers):
            own = cores[index * setting.cores : (index + 1) * setting.cores]
            environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
            if setting.workers > 1:
                task = {"type": "worker", "index": index}
                environment["TF_CONFIG"] = json.dumps(
                    {"cluster": {"worker": addresses}, "task": task}
                )
            command = [sys.executable, "-m", "benchmarks.worker"]
            command += ["--steps", str(steps), "--episodes", str(setting.episodes)]
            command += ["--cores", *map(str, own)]
            process = subprocess.Popen(
                command,
                cwd=_ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            workers.append(stack.enter_context(process))
            stack.callback(process.kill)
        printed = [worker.communicate(timeout=_SECONDS) for worker in workers]
    for worker, (_, errors) in zip(workers, printed, strict=True):
        if worker.returncode:
            raise RuntimeError(f"{setting.words}: a process failed:\n{errors[-2000:]}")
    return json.loads(printed[0][0].splitlines()[-1])


def make_rows(seconds: dict[Setting, list[float]]) -> list[dict]:
    """One row per setting; the ideal is the rate of one core times the cores in use."""
    rates = {
        setting: np.quantile(setting.episodes / np.array(times), [0.25, 0.5, 0.75])
        for setting, times in seconds.items()
    }
    one_core = rates[_ONE_CORE][1]
    rows = []
    for setting, (lower, median, upper) in rates.items():
        ideal = one_core * setting.workers * setting.cores
        rows.append(
            {
                **setting._asdict(),
                "timed_steps": len(seconds[setting]),
                "episodes_per_second": round(median, 3),
                "quartiles": [round(lower, 3), round(upper, 3)],
                "ideal_episodes_per_second": round(ideal, 3),
                "ratio": round(median / ideal, 3),
            }
        )
    return rows


def table(rows: Sequence[dict]) -> str:
    """The rows as a Markdown table."""
    lines = [_COLUMNS, ["---"] * len(_COLUMNS)]
    for row in rows:
        lower, upper = row["quartiles"]
        lines.append(
            [
                Setting(row["workers"], row["cores"], row["episodes"]).words,
                f"{row['episodes_per_second']:.2f}",
                f"{lower:.2f} to {upper:.2f}",
                f"{row['ideal_episodes_per_second']:.2f}",
                f"{row['ratio']:.2f}",
            ]
        )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cores() -> list[int]:
    """Those that this process may use; none where it cannot choose."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def _free_addresses(count: int) -> list[str]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]


if __name__ == "__main__":
    sys.exit(main())
