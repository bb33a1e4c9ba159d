"""Threads are chosen before TensorFlow starts: in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import tensorflow as tf
from tfvma.training.threads import one_thread_per_operation, side_by_side
print(side_by_side())
one_thread_per_operation()
threading = tf.config.threading
print(threading.get_intra_op_parallelism_threads(), side_by_side())
"""


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs Linux")
@pytest.mark.parametrize(
    ("environment", "expected"),
    [({}, ["1", "1", "cores"]), ({"TF_NUM_INTRAOP_THREADS": "2"}, ["1", "0", "1"])],
)
def test_threads_of_a_process(environment, expected):
    """As many slices as cores, of which there may be one."""
    cores = str(len(os.sched_getaffinity(0)))
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("TF_NUM_")}
    environment = {
        **inherited,
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONPATH": os.getcwd(),
        **environment,
    }
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == [cores if word == "cores" else word for word in expected]
