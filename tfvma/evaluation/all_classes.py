"""The bound with every character in memory (paper, section 4.2, confounders)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from tfvma.data.characters import CharacterSet
from tfvma.data.rotations import count_rotations, rotation
from tfvma.errors import DataError
from tfvma.evaluation.measurement import Measurement
from tfvma.evaluation.protocols import AllClasses
from tfvma.evaluation.scored_terms import Key, address_right, reads_labels, scored_terms
from tfvma.evaluation.scorer import Scorer
from tfvma.evaluation.standard_error import clustered_mean

# Scored at once. More would show progress less often; with fewer, the keys of the memory,
# which each call computes anew, would cost more.
_TARGETS_AT_ONCE = 96


def num_rotations(protocol: AllClasses, characters: CharacterSet) -> int:
    """The rotations that are scored; raises DataError where `characters` are too few."""
    if characters.num_characters < 2:
        raise DataError(
            f"{characters.name!r} ({characters.split}) has 1 character: expected at least 2, "
            "without which there is no standard error."
        )
    most = count_rotations(characters, protocol.shots, protocol.targets_per_class)
    if protocol.rotations is not None and protocol.rotations > most:
        raise DataError(
            f"rotations={protocol.rotations}: with shots={protocol.shots} there are {most}."
        )
    return protocol.rotations or most


def num_targets(protocol: AllClasses, characters: CharacterSet) -> int:
    """The drawings that are scored; raises as `num_rotations`."""
    drawings = characters.drawings_per_character
    of_each = protocol.targets_per_class or drawings - protocol.shots
    left_out = num_rotations(protocol, characters) * of_each
    return characters.num_characters * min(left_out, drawings)


def measure_all_classes(
    scorer: Scorer,
    protocol: AllClasses,
    characters: CharacterSet,
    seed: int,
    advance: Callable[[int], object] = lambda targets: None,
) -> list[Measurement]:
    """Scores every target at every K, with all characters in memory.

    Metrics are those of `measure_few_shot`. Standard errors are clustered by character: the
    same characters come back in every rotation, and drawings of one are alike easy or hard,
    so that neither targets nor rotations are independent draws. What the error tells is how
    the mean would differ with other characters. Within a rotation slice i = 0, 1, ... of
    the targets, counted on through all rotations, draws its samples from the seed [seed, i].

    Args:
      scorer: the model.
      protocol: its settings.
      characters: what is drawn from.
      seed: of the order of drawings and of samples.
      advance: called after each slice with its number of targets.

    Raises DataError where there are too few characters or drawings, DivergedError where
    the model gives a bound that is not finite.
    """
    score = tf.function(scorer.score, reduce_retracing=True)
    address = tf.function(scorer.address, reduce_retracing=True) if reads_labels(scorer) else None
    by_character: dict[Key, list[np.ndarray]] = defaultdict(list)
    num_slices = 0
    for index in range(num_rotations(protocol, characters)):
        episode = rotation(characters, protocol.shots, seed, index, protocol.targets_per_class)
        values: dict[Key, list[np.ndarray]] = defaultdict(list)
        if address is not None:
            values["address_accuracy", None].append(address_right(address, episode))
        for x in _slices(episode["x"]):
            terms = scored_terms(
                score,
                x,
                episode["memory"] if scorer.takes_memory else None,
                protocol.num_samples,
                tf.constant([seed, num_slices], tf.int32),
                f"slice {num_slices} of targets",
            )
            for key, value in terms.items():
                values[key].append(value)
            num_slices += 1
            advance(len(x))
        for key, parts in values.items():
            joined = np.concatenate(parts)
            by_character[key].append(joined.reshape(characters.num_characters, -1))
    return [
        _measurement(key, np.concatenate(rotations, axis=1))
        for key, rotations in by_character.items()
    ]


def _slices(x: tf.Tensor) -> Iterator[tf.Tensor]:
    for start in range(0, len(x), _TARGETS_AT_ONCE):
        yield x[start : start + _TARGETS_AT_ONCE]


def _measurement(key: Key, values: np.ndarray) -> Measurement:
    metric, num_samples = key
    return Measurement(metric, clustered_mean(values), num_samples, values.size)
