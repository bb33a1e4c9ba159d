from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tfvma.config import options
from tfvma.training import load_trained
from tfvma.training.log import read_log
from tfvma.training.measurements import TIMES

ROOT = Path(__file__).parents[2]
STEPS = 1_000_000
LOG, CHECKPOINT = 2, 18
# After which a run that does not get there is killed.
SECONDS = 480


@pytest.fixture
def command(tiny, tmp_path) -> list[str]:
    """train.py with the real model in its smallest size."""
    values = options(tiny) | {
        "training.steps": STEPS,
        "intervals.log": LOG,
        "intervals.checkpoint": CHECKPOINT,
    }
    arguments = ["--preset", "strokes_vma_4shot", "--runs-dir", str(tmp_path), "--name", "killed"]
    for key, value in values.items():
        text = ",".join(map(str, value)) if isinstance(value, tuple) else value
        arguments += ["--set", f"{key}={text}"]
    return [sys.executable, "-m", "tests.training.tiny_run", *arguments]


def run_until(step: int, number: signal.Signals, command: list[str]) -> tuple[int, str]:
    """Sends a signal once a step is shown; the exit code and what was said after that."""
    before = []
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        limit = threading.Timer(SECONDS, process.kill)
        limit.start()
        try:
            for line in process.stderr:
                if line.startswith(f"step {step}/"):
                    process.send_signal(number)
                    break
                before.append(line)
            else:
                pytest.fail(f"step {step} was not shown in {SECONDS} s: {''.join(before[-20:])}")
            said = process.stderr.read()
        finally:
            limit.cancel()
    return process.returncode, said


def figures(folder: Path) -> dict[int, dict[str, float]]:
    """The rows of the log by their step, without the seconds."""
    rows = read_log(folder / "log.csv")
    return {int(row["step"]): {k: v for k, v in row.items() if k not in TIMES} for row in rows}


def test_sigkill_loses_at_most_an_interval_and_sigterm_nothing(command, tmp_path):
    folder = tmp_path / "killed"
    code, _ = run_until(20, signal.SIGKILL, command)
    assert code == -signal.SIGKILL
    before = figures(folder)
    saved = load_trained(folder)[2]
    assert saved >= max(before) - CHECKPOINT

    code, said = run_until(max(before) + 10, signal.SIGTERM, command)
    assert code == 128 + signal.SIGTERM
    stopped = load_trained(folder)[2]
    assert f"SIGTERM: stopped and saved at step {stopped} of {STEPS}; the same command" in said

    after = figures(folder)
    assert list(after) == list(range(LOG, stopped + 1, LOG))
    # Steps that were trained twice became the same.
    assert {step: after[step] for step in before} == before
