"""The steps of a run, on one device or under a strategy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from tfvma.training.every import completed_steps


def run_steps(
    model: keras.Model,
    strategy: tf.distribute.Strategy,
    groups: tf.data.Dataset | tf.distribute.DistributedDataset,
    last: int,
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    """Trains until `last` steps are complete or a callback sets `model.stop_training`.

    What `model.fit` is for one episode per step and one device. Callbacks are called as there,
    at the beginning, the end and after `model.steps_per_execution` steps, with the means of
    the metrics since they were reset, over all replicas. Averaged weights are left
    where the optimizer keeps them.

    Args:
        model: compiled, made in the scope of `strategy`.
        strategy: what to train on.
        groups: without end; for each step and replica the episodes that it takes, stacked:
            `x` [N, B, ...], `memory` [N, M, ...], and so on, with N known.
        last: the number of steps of the whole run.
        callbacks: in the order in which they act.
    """
    step = completed_steps(model)
    run = _make_function(model, strategy)
    iterator = iter(groups)
    # Traced here, the first step takes no longer than the others.
    run.get_concrete_function(iterator, tf.constant(0))
    callbacks = keras.callbacks.CallbackList(callbacks, model=model)
    model.stop_training = False
    callbacks.on_train_begin()
    while step < last and not model.stop_training:
        count = min(model.steps_per_execution, last - step)
        callbacks.on_train_batch_begin(step)
        logs = run(iterator, tf.constant(count))
        step += count
        callbacks.on_train_batch_end(step - 1, logs)
    callbacks.on_train_end()


def _make_function(model: keras.Model, strategy: tf.distribute.Strategy) -> Callable:
    def replica_step(group: dict[str, tf.Tensor]) -> None:
        count = group["x"].shape[0]
        model.train_step(
            tuple({name: value[e] for name, value in group.items()} for e in range(count))
        )

    # Strategies refuse XLA around them; the model then compiles what it can within.
    compiled = model.jit_compile and strategy.num_replicas_in_sync == 1

    @tf.function(jit_compile=compiled)
    def step(group) -> None:
        strategy.run(replica_step, args=(group,))

    @tf.function
    def run(iterator, count: tf.Tensor) -> dict[str, tf.Tensor]:
        for _ in tf.range(count):
            step(next(iterator))
        return {metric.name: metric.result() for metric in model.metrics}

    return run
