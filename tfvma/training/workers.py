"""What the workers of a run tell each other besides gradients; with one worker, nothing."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import tensorflow as tf

from tfvma.errors import InvalidArgumentError, WorkerLostError
from tfvma.training.strategies import is_multiworker

# What TensorFlow raises in the others when a worker is gone.
_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
)


@contextmanager
def lost_workers(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Raises WorkerLostError when within the block another worker is found to be gone."""
    try:
        yield
    except _LOST as error:
        if not is_multiworker(strategy):
            raise
        raise WorkerLostError(
            "another worker has stopped or cannot be reached: what it printed may say why. The "
            "same command on all workers goes on from the last checkpoint."
        ) from error


def make_agreement(strategy: tf.distribute.Strategy) -> Callable[[int], int]:
    """A function that all workers call together: it gives each the largest of their numbers."""
    if not is_multiworker(strategy):
        return lambda number: number

    @tf.function
    def largest(number: tf.Tensor) -> tf.Tensor:
        return tf.reduce_max(_gather(strategy, number))

    return lambda number: int(largest(tf.constant(number, tf.int32)))


def check_alike(strategy: tf.distribute.Strategy, description: str) -> None:
    """Raises InvalidArgumentError in all workers unless all have the same `description`."""
    if not is_multiworker(strategy):
        return
    number = tf.constant(zlib.crc32(description.encode()) >> 1, tf.int32)
    numbers = tf.function(_gather)(strategy, number).numpy()
    if (numbers != numbers[0]).any():
        raise InvalidArgumentError(
            "the workers have different options, data or versions of tfvma: expected the same "
            "command on all."
        )


def send_from_chief(strategy: tf.distribute.Strategy, variables: Sequence[tf.Variable]) -> None:
    """Gives the variables of all workers the values that the chief's have."""
    if not is_multiworker(strategy):
        return

    def receive() -> None:
        context = tf.distribute.get_replica_context()
        from_chief = tf.equal(context.replica_id_in_sync_group, 0)
        for variable in variables:
            own = tf.where(from_chief, variable, tf.zeros_like(variable))
            variable.assign(context.all_reduce(tf.distribute.ReduceOp.SUM, own))

    tf.function(strategy.run)(receive)


def _gather(strategy: tf.distribute.Strategy, number: tf.Tensor) -> tf.Tensor:
    """The numbers of all replicas, [R]."""

    def gather() -> tf.Tensor:
        return tf.distribute.get_replica_context().all_gather(number[tf.newaxis], axis=0)

    # Every replica has the same.
    return strategy.experimental_local_results(strategy.run(gather))[0]
