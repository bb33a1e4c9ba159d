from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tfvma.config import options
from tfvma.training import load_trained, train
from tfvma.training.log import read_log

STEPS = 40


def run_until(step: int, number: signal.Signals, command: list[str]) -> tuple[int, str]:
    """Sends a signal once a step is shown; the exit code and what was said after that."""
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if line.startswith(f"step {step}/"):
                process.send_signal(number)
                break
        said = process.stderr.read()
    return process.returncode, said


@pytest.mark.usefixtures("tiny_data")
def test_sigkill_loses_at_most_an_interval_and_sigterm_nothing(tiny, tmp_path):
    config_options = options(tiny) | {
        "training.steps": STEPS,
        "intervals.log": 1,
        "intervals.checkpoint": 5,
    }
    command = [
        sys.executable,
        str(Path(__file__).with_name("tiny_run.py")),
        *("--preset", "strokes_vma_4shot", "--runs-dir", str(tmp_path), "--name", "killed"),
    ]
    for key, value in config_options.items():
        text = ",".join(map(str, value)) if isinstance(value, tuple) else value
        command += ["--set", f"{key}={text}"]
    folder = tmp_path / "killed"

    code, _ = run_until(12, signal.SIGKILL, command)
    assert code == -signal.SIGKILL
    shown_before = read_log(folder / "log.csv")[-1]["step"]
    assert load_trained(folder)[2] >= shown_before - 5

    code, said = run_until(25, signal.SIGTERM, command)
    assert code == 128 + signal.SIGTERM
    stopped = load_trained(folder)[2]
    assert 25 <= stopped < STEPS
    assert f"SIGTERM: stopped and saved at step {stopped} of {STEPS}; the same command" in said

    # Goes on in this process, and is the run that one process makes of it.
    _, config, _ = load_trained(folder)
    assert train(config, folder).finished
    train(config, tmp_path / "straight")
    pairs = zip(
        load_trained(folder)[0].get_weights(),
        load_trained(tmp_path / "straight")[0].get_weights(),
        strict=True,
    )
    for mine, theirs in pairs:
        np.testing.assert_array_equal(mine, theirs)
    logs = [read_log(path / "log.csv") for path in (folder, tmp_path / "straight")]
    for row in [*logs[0], *logs[1]]:
        del row["seconds"]
    assert logs[0] == logs[1]
    assert json.loads((folder / "config.json").read_text())["name"] == "killed"
