"""The bound on characters or images that are not trained on, measured while training."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from tfvma.config import Config
from tfvma.data.draw import Source, draw_episodes, num_targets

# What `score` gives, by the names of metrics.
_SCORES = {
    "log_likelihood": "iw_bound",
    "reconstruction": "reconstruction",
    "kl_address": "kl_a",
    "kl_latent": "kl_z",
}
HELD_OUT_METRICS = ("iw_bound", "reconstruction", "kl_a", "kl_z", "address_accuracy")
_SEED = 0
TARGETS = 320
_MOST_ENTRIES = 8


def draw_held_out(config: Config, source: Source) -> tf.data.Dataset:
    """About 320 targets, in the same episodes each time, drawn as in training.

    Raises DataError where `source`, the test split, holds too few for one.
    """
    drawn = config.episodes
    return draw_episodes(drawn, source, seed=_SEED, num_episodes=-(-TARGETS // num_targets(drawn)))


class HeldOut:
    """Measures a model on the same episodes with the same noise each time.

    Args:
        held_out_episodes: all of the same size.
        model: measured with its own number of samples.
    """

    def __init__(self, held_out_episodes: tf.data.Dataset, model: keras.Model):
        self._episodes = held_out_episodes
        self._model = model
        self._measure = tf.function(self._measure_episode)

    def measure(self) -> dict[str, float]:
        """Means over the targets of those of HELD_OUT_METRICS that the model has, in nats."""
        sums: dict[str, float] = {}
        count = 0
        for index, episode in enumerate(self._episodes):
            values = self._measure(episode, tf.constant([_SEED, index]))
            count += 1
            for name, value in values.items():
                sums[name] = sums.get(name, 0.0) + float(value)
        return {name: total / count for name, total in sums.items()}

    def entries(self) -> np.ndarray:
        """One memory entry of each class of the first episode, at most eight, [N, H, W, 1].

        Without a memory, targets.
        """
        episode = next(self._episodes.as_numpy_iterator())
        if "memory" not in episode:
            return episode["x"][:_MOST_ENTRIES]
        _, first = np.unique(episode["memory_label"], return_index=True)
        return episode["memory"][first[:_MOST_ENTRIES]]

    def _measure_episode(self, episode, seed) -> dict[str, tf.Tensor]:
        x = episode["x"]
        memory = episode["memory"] if self._model.takes_memory else None
        score = self._model.score(x, memory, self._model.num_samples, seed)
        values = {_SCORES[term]: value for term, value in score.items()}
        if hasattr(self._model, "address") and "memory_label" in episode:
            best = tf.argmax(self._model.address(x, memory)["log_posterior"], axis=-1)
            right = tf.equal(tf.gather(episode["memory_label"], best), episode["x_label"])
            values["address_accuracy"] = tf.cast(right, tf.float32)
        return {name: tf.reduce_mean(value) for name, value in values.items()}
