"""Steps are made and timed in processes of their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import tensorflow as tf

from benchmarks.turns import Worker
from tfvma.errors import InvalidArgumentError


def make_step(setting: int) -> Callable[[], None]:
    if tf.config.threading.get_intra_op_parallelism_threads() != setting:
        raise InvalidArgumentError(f"threads={setting!r}: expected another number.")
    return lambda: None


def test_a_worker_times_steps_and_passes_errors_on(monkeypatch):
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with Worker(make_step, one_thread=True) as worker:
        times = worker.time(1, 3)
        assert len(times) == 3
        assert min(times) >= 0.0
        with pytest.raises(InvalidArgumentError, match="threads=2: expected another number"):
            worker.time(2, 3)
