"""One process of benchmarks.two_workers: trains on noise and prints the seconds of each step."""

from __future__ import annotations

import argparse
import json
import os
import time

_WARM_UP = 3


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.worker", description=__doc__)
    options.add_argument("--steps", type=int, required=True)
    options.add_argument("--episodes", type=int, required=True)
    options.add_argument("--cores", type=int, nargs="+", required=True)
    parsed = options.parse_args()
    # Before TensorFlow is imported: it makes as many threads as there are cores.
    os.sched_setaffinity(0, parsed.cores)
    print(json.dumps(step_seconds(parsed.steps, parsed.episodes)))


def step_seconds(steps: int, episodes: int) -> list[float]:
    """Seconds of each step of the loop that `train` runs, after some that are not counted."""
    import keras
    import numpy as np

    from benchmarks.setting import BASELINE_MEMORY_SIZE, Setting
    from benchmarks.training_step import make_model, noise_episodes
    from tfvma.presets import get_preset
    from tfvma.training import make_strategy
    from tfvma.training.loop import run_steps

    class Stopwatch(keras.callbacks.Callback):
        """Notes when each step is done."""

        def __init__(self):
            super().__init__()
            self.times: list[float] = []

        def on_train_batch_end(self, batch, logs=None):
            self.times.append(time.perf_counter())

    strategy = make_strategy("multiworker" if "TF_CONFIG" in os.environ else "none")
    config = get_preset("omniglot26_vma_4shot")
    with strategy.scope():
        model = make_model(config, Setting("tfvma", BASELINE_MEMORY_SIZE))
        model.optimizer.build(model.trainable_variables)
    groups = strategy.distribute_datasets_from_function(
        lambda _: noise_episodes(config, BASELINE_MEMORY_SIZE).batch(
            episodes // strategy.num_replicas_in_sync, drop_remainder=True
        )
    )
    stopwatch = Stopwatch()
    run_steps(model, strategy, groups, _WARM_UP + steps, [stopwatch])
    return np.diff(stopwatch.times[_WARM_UP - 1 :]).tolist()


if __name__ == "__main__":
    main()
