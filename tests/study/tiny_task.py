"""A task whose runs take seconds, and a worker that knows it."""

from __future__ import annotations

import dataclasses
import sys

import tfvma.study.tasks
from tests.training.conftest import TINY
from tfvma.config import IntervalConfig
from tfvma.study.tasks import Task

TASK = Task(
    "tiny",
    dataclasses.replace(
        TINY, intervals=IntervalConfig(log=1, validation=2, checkpoint=2, picture=0)
    ),
    cpu_seconds=1_000.0,
    seeds=(0, 1),
    estimators=("vimco", "exact"),
)


if __name__ == "__main__":
    import tfvma.training.run
    from tests.training.conftest import random_characters
    from tfvma.study import worker

    tfvma.training.run.load_characters = random_characters
    tfvma.training.held_out.TARGETS = 8
    tfvma.study.tasks.TASKS["tiny"] = TASK
    sys.exit(worker.main())
