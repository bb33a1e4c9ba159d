"""Two processes against one device, and what becomes of a run when one of them is killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from tests.training.conftest import random_characters
from tfvma.config import Config, options, replace_options
from tfvma.training import load_trained, train
from tfvma.training.log import read_log
from tfvma.training.measurements import TIMES

ROOT = Path(__file__).parents[2]
CHECKPOINT = 5
FIRST, MORE = 12, 8
# After which processes that do not get there are killed.
SECONDS = 480


@pytest.fixture
def config(tiny) -> Config:
    """The real model in its smallest size; two episodes per step, and no end to it."""
    return replace_options(
        tiny,
        {
            "training.steps": 1_000_000,
            "training.schedule": "constant",
            "training.episodes_per_step": 2,
            "model.tied": True,
            "intervals.log": 1,
            "intervals.checkpoint": CHECKPOINT,
        },
    )


def start_workers(stack: ExitStack, config: Config, folder: Path) -> list[subprocess.Popen]:
    """train.py twice, each with a folder for runs of its own.

    What they print goes to files: one whose pipe is full would wait for its reader, and the other
    for it.
    """
    arguments = ["--preset", "strokes_vma_4shot", "--name", "two", "--strategy", "multiworker"]
    for key, value in options(config).items():
        text = ",".join(map(str, value)) if isinstance(value, tuple) else value
        arguments += ["--set", f"{key}={text}"]
    addresses = free_addresses(2)
    processes = []
    for index in range(2):
        task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        said = stack.enter_context(said_by(index, folder).open("w"))
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.training.tiny_run", *arguments),
                *("--runs-dir", str(folder / f"of_worker_{index}")),
            ],
            env={**os.environ, "TF_CONFIG": json.dumps(task)},
            stderr=said,
            cwd=ROOT,
        )
        processes.append(stack.enter_context(process))
        stack.callback(process.kill)
    return processes


def said_by(index: int, folder: Path) -> Path:
    """Takes what a worker prints."""
    return folder / f"said_by_worker_{index}.txt"


def wait_for_step(step: int, process: subprocess.Popen, said: Path) -> None:
    """Returns once the process shows the step; fails where it ends before, or takes too long."""
    deadline = time.monotonic() + SECONDS
    while f"\nstep {step}/" not in said.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"step {step} was not shown: {said.read_text()[-3000:]}")
        time.sleep(0.05)


def free_addresses(count: int) -> list[str]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]


def test_a_killed_worker_ends_the_run_and_both_go_on_as_one_device(config, tmp_path, monkeypatch):
    folder = tmp_path / "of_worker_0" / "two"
    with ExitStack() as stack:
        chief, other = start_workers(stack, config, tmp_path)
        wait_for_step(FIRST, chief, said_by(0, tmp_path))
        other.kill()
        chief.wait(timeout=SECONDS)
    said = said_by(0, tmp_path).read_text()
    assert (chief.returncode, other.returncode) == (2, -signal.SIGKILL)
    assert said.splitlines()[-1].startswith("error: another worker has stopped or cannot be")
    killed_at = read_log(folder / "log.csv")[-1]["step"]
    saved = load_trained(folder)[2]
    assert saved >= killed_at - CHECKPOINT

    steps = int(killed_at) + MORE
    config = replace_options(config, {"training.steps": steps})
    with ExitStack() as stack:
        both = start_workers(stack, config, tmp_path)
        codes = [process.wait(timeout=SECONDS) for process in both]
    assert codes == [0, 0], said_by(0, tmp_path).read_text()[-3000:]
    assert not (tmp_path / "of_worker_1").exists()

    monkeypatch.setattr("tfvma.training.run.load_characters", random_characters)
    train(config, tmp_path / "one")
    one, two = read_log(tmp_path / "one" / "log.csv"), read_log(folder / "log.csv")
    assert [row["step"] for row in two] == list(range(1, steps + 1))
    for row, other in zip(one, two, strict=True):
        for name in TIMES:
            del row[name], other[name]
        # The log has seven digits.
        assert other == pytest.approx(row, rel=1e-5, abs=1e-4)
    for weight, other in zip(
        load_trained(tmp_path / "one")[0].get_weights(),
        load_trained(folder)[0].get_weights(),
        strict=True,
    ):
        np.testing.assert_allclose(other, weight, rtol=1e-3, atol=1e-3)
