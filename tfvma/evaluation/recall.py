"""The recall protocol: the bound on images that are in memory (paper, section 4.1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfvma.data.images import ImageSet
from tfvma.data.recall import recall_episodes
from tfvma.evaluation.measurement import Measurement
from tfvma.evaluation.protocols import Recall
from tfvma.evaluation.scored_terms import Key, address_right, scored_terms
from tfvma.evaluation.scorer import Scorer
from tfvma.evaluation.standard_error import clustered_mean

# Scored at once; the keys of the memory are computed anew for each slice.
_TARGETS_AT_ONCE = 64


def recall_episode(protocol: Recall, images: ImageSet, seed: int) -> dict[str, tf.Tensor]:
    """The images in memory, all of them targets; raises DataError where there are too few."""
    dataset = recall_episodes(
        images,
        targets=protocol.memory_size,
        memory_size=protocol.memory_size,
        seed=seed,
        num_episodes=1,
    )
    return next(iter(dataset))


def measure_recall(
    scorer: Scorer,
    protocol: Recall,
    images: ImageSet,
    seed: int,
    advance: Callable[[int], object] = lambda targets: None,
) -> list[Measurement]:
    """Scores every image in memory at every K; a lookup table has NLL = KL(a) = log M.

    Terms are those of `scored_terms`; the address is right where the most probable slot is the
    image's own. Standard errors are those of a mean over independent targets: the one memory is
    given. Slice i = 0, 1, ... of the targets draws its samples from the seed [seed, i].

    Args:
      scorer: the model.
      protocol: its settings.
      images: what is drawn from.
      seed: of the memory and of samples.
      advance: called after each slice with its number of targets.

    Raises DataError where there are too few images, DivergedError where the model gives a bound
    that is not finite.
    """
    score = tf.function(scorer.score, reduce_retracing=True)
    address = tf.function(scorer.address, reduce_retracing=True)
    episode = recall_episode(protocol, images, seed)
    values: dict[Key, list[np.ndarray]] = defaultdict(list)
    for index, start in enumerate(range(0, protocol.memory_size, _TARGETS_AT_ONCE)):
        targets = slice(start, start + _TARGETS_AT_ONCE)
        part = {**episode, "x": episode["x"][targets], "x_label": episode["x_label"][targets]}
        terms = scored_terms(
            score,
            part["x"],
            part["memory"],
            protocol.num_samples,
            tf.constant([seed, index], tf.int32),
            f"slice {index} of targets",
        )
        for key, value in terms.items():
            values[key].append(value)
        values["address_accuracy", None].append(address_right(address, part))
        advance(len(part["x"]))
    return [
        Measurement(
            metric,
            clustered_mean(np.concatenate(parts)[:, np.newaxis]),
            num_samples,
            protocol.memory_size,
        )
        for (metric, num_samples), parts in values.items()
    ]
