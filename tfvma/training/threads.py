"""How training uses the cores of a machine without a GPU."""

from __future__ import annotations

import os

import tensorflow as tf


def one_thread_per_operation() -> None:
    """Gives every operation one thread, and as many operations at a time as there are cores.

    The convolutions of a few-shot step are too small to be shared by cores: two at a time,
    each on a core of its own, take less time than one after the other on both. For the
    whole process, and only before TensorFlow has started; with a GPU, or where the user has
    said how many threads there are, it does nothing.
    """
    if tf.config.list_physical_devices("GPU") or "TF_NUM_INTRAOP_THREADS" in os.environ:
        return
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(_cores())


def side_by_side() -> int:
    """How many slices of a batch the cores can work on at a time: 1 where operations have all."""
    if tf.config.threading.get_intra_op_parallelism_threads() != 1:
        return 1
    return tf.config.threading.get_inter_op_parallelism_threads() or _cores()


def _cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
