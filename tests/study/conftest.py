from __future__ import annotations

import pytest

from tests.study.tiny_task import TASK
from tests.training.conftest import stand_in  # noqa: F401
from tfvma.study import tasks


@pytest.fixture
def task(monkeypatch) -> tasks.Task:
    """A task of six steps of a tiny model on noise, known by its name."""
    monkeypatch.setitem(tasks.TASKS, "tiny", TASK)
    return TASK
