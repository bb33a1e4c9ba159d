"""Two replicas of one process against one device."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tfvma.training import load_trained
from tfvma.training.log import read_log
from tfvma.training.measurements import TIMES

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mirrored")


@pytest.fixture(scope="module")
def shown(folder) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "tests.training.two_replicas", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


# XLA rounds differently, and of a gradient that is all but zero Adam makes whole steps of 0.001.
@pytest.mark.parametrize(("name", "tolerance"), [("two", 1e-5), ("compiled", 1e-3)])
def test_two_replicas_train_as_one_device_does_on_both_episodes(shown, folder, name, tolerance):
    one, two = (read_log(folder / run / "log.csv") for run in ("one", name))
    assert [row["step"] for row in one] == [row["step"] for row in two] == [1, 2, 3, 4, 5, 6]
    for row, other in zip(one, two, strict=True):
        for time in TIMES:
            del row[time], other[time]
        # The log has seven digits.
        assert other == pytest.approx(row, rel=1e-6, abs=1e-4)
    for weight, other in zip(
        load_trained(folder / "one")[0].get_weights(),
        load_trained(folder / name)[0].get_weights(),
        strict=True,
    ):
        np.testing.assert_allclose(other, weight, rtol=0, atol=tolerance)


def test_replicas_have_as_many_examples_as_one_device(shown, folder):
    one, two = (read_log(folder / f"{run} varied" / "log.csv") for run in ("one", "two"))
    assert len(one) == len(two) == 4
    for row, other in zip(one, two, strict=True):
        assert other["kl_a"] == pytest.approx(row["kl_a"], abs=1e-4)
        assert other["loss"] == pytest.approx(row["loss"], rel=1e-6, abs=1e-4)


def test_every_replica_has_the_whole_memory(shown):
    assert shown["memory_sizes"] == [2]


def test_fit_would_split_the_memory_and_refuses(shown):
    assert shown["refusal"].startswith("MirroredStrategy with 2 replicas: Keras would split")
