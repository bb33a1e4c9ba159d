"""Trains on one device and on two replicas, in a process of its own: the CPU is divided before
TensorFlow starts. Prints what the test looks at, as JSON."""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path

import tensorflow as tf

import tfvma.training.run
from tests.training.conftest import TINY, random_characters
from tfvma.config import replace_options
from tfvma.data import episodes
from tfvma.errors import InvalidArgumentError
from tfvma.models.vma import VariationalMemoryAddressing
from tfvma.training import make_strategy, train
from tfvma.training.run import compiled_model

CONFIG = replace_options(
    TINY,
    {
        "training.episodes_per_step": 2,
        "training.l2": 0.01,
        "training.weight_decay": 0.1,
        "intervals.log": 1,
        "model.tied": True,
        "training.learning_rate": 1e-3,
    },
)
VARIED = replace_options(
    CONFIG, {"episodes.shots": 2, "episodes.varied_shots": (1, 2), "training.steps": 4}
)


def main(folder: Path) -> None:
    strategy = make_strategy("mirrored", 2)
    tfvma.training.run.load_characters = random_characters
    train(CONFIG, folder / "one")
    memory_sizes = spy_memory_sizes()
    train(CONFIG, folder / "two", strategy=strategy)
    train(VARIED, folder / "one varied")
    train(VARIED, folder / "two varied", strategy=strategy)
    model = VariationalMemoryAddressing
    model.compile = functools.partialmethod(model.compile, jit_compile=True)
    train(CONFIG, folder / "compiled", strategy=strategy)
    known = sorted(set(memory_sizes) - {None})
    shown = {"memory_sizes": known, "refusal": refusal(strategy)}
    print(json.dumps(shown))


def spy_memory_sizes() -> list[int]:
    sizes = []
    infer = VariationalMemoryAddressing.infer

    def spy(self, x, memory, *others):
        sizes.append(memory.shape[0])
        return infer(self, x, memory, *others)

    VariationalMemoryAddressing.infer = spy
    return sizes


def refusal(strategy: tf.distribute.Strategy) -> str:
    with strategy.scope():
        model = compiled_model(CONFIG)
    drawn = episodes(
        random_characters("noise", "train"), num_classes=2, targets_per_class=2, shots=1, seed=0
    )
    try:
        model.fit(drawn, steps_per_epoch=1)
    except InvalidArgumentError as error:
        return str(error)
    return "none"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
