"""The devices of a run: one, several of this machine, or those of several machines."""

from __future__ import annotations

import tensorflow as tf

from tfvma.cluster import STRATEGIES, read_cluster
from tfvma.config import Config
from tfvma.data.indices import Share
from tfvma.errors import InvalidArgumentError
from tfvma.estimators import Estimator
from tfvma.validation import check_at_least, check_choice


def make_strategy(name: str, replicas: int | None = None) -> tf.distribute.Strategy:
    """A strategy for `train`; to be called before TensorFlow does anything else.

    Args:
        name: "none", one device; "mirrored", the GPUs of this machine; "multiworker", the
            machines that the environment variable TF_CONFIG lists.
        replicas: for "mirrored", how many: GPUs, or where there are none, parts that the CPU
            is divided into, which is for trying things out. None takes all GPUs.

    Raises:
        InvalidArgumentError: for what this machine does not have, or a bad TF_CONFIG.
    """
    check_choice("strategy", name, STRATEGIES)
    if name != "mirrored" and replicas is not None:
        raise InvalidArgumentError(
            f"replicas={replicas!r} with strategy={name!r}: expected strategy='mirrored'."
        )
    if name == "multiworker":
        read_cluster()
        return tf.distribute.MultiWorkerMirroredStrategy()
    if name == "mirrored":
        return tf.distribute.MirroredStrategy(_devices(replicas))
    return tf.distribute.get_strategy()


def _devices(replicas: int | None) -> list[str]:
    if replicas is not None:
        check_at_least("replicas", replicas, 1)
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        count = len(gpus) if replicas is None else replicas
        if count > len(gpus):
            raise InvalidArgumentError(
                f"replicas={replicas}: expected at most {len(gpus)}, the GPUs of this machine."
            )
        return [f"GPU:{index}" for index in range(count)]
    if replicas is None:
        raise InvalidArgumentError(
            "strategy='mirrored': expected GPUs, found none. replicas=N divides the CPU into N "
            "devices, which is no faster."
        )
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * replicas
    )
    return [f"CPU:{index}" for index in range(replicas)]


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes the run's files."""
    return not is_multiworker(strategy) or read_cluster().is_chief


def is_multiworker(strategy: tf.distribute.Strategy) -> bool:
    """Whether other processes take part."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def check_divides(config: Config, strategy: tf.distribute.Strategy) -> None:
    """Raises InvalidArgumentError unless every replica gets as many episodes per step."""
    replicas, count = strategy.num_replicas_in_sync, config.training.episodes_per_step
    if count % replicas:
        raise InvalidArgumentError(
            f"training.episodes_per_step={count}: expected a multiple of {replicas}, the number "
            "of replicas, since each takes whole episodes."
        )


def check_learns_alone(estimator: Estimator, strategy: tf.distribute.Strategy) -> None:
    """Raises InvalidArgumentError where each replica would teach an estimator its own baselines."""
    replicas = strategy.num_replicas_in_sync
    if replicas > 1 and estimator.learns:
        raise InvalidArgumentError(
            f"training.estimator: {type(estimator).__name__} learns baselines of its own, expected "
            f"one that does not with {replicas} replicas, such as 'vimco' or 'reinforce'."
        )


def share_of(config: Config, context: tf.distribute.InputContext) -> Share:
    """The episodes of one worker: those of its replicas, step by step."""
    workers = context.num_input_pipelines
    return Share(
        index=context.input_pipeline_id,
        of=workers,
        length=config.training.episodes_per_step // workers,
    )
