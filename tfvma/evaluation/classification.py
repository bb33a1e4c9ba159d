"""Few-shot classification with q(a | x) (paper, section 4.2, last paragraph)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfvma.data.characters import CharacterSet
from tfvma.data.episodes import episodes
from tfvma.errors import DataError
from tfvma.evaluation.measurement import Measurement
from tfvma.evaluation.protocols import Classification, ImportanceClassification
from tfvma.evaluation.scorer import AddressScorer
from tfvma.evaluation.standard_error import clustered_mean


def classification_episodes(
    protocol: Classification | ImportanceClassification, characters: CharacterSet, seed: int
) -> tf.data.Dataset:
    """The episodes that are classified; raises DataError where `characters` are too few."""
    if protocol.ways > characters.num_characters:
        raise DataError(
            f"ways={protocol.ways}: {characters.name!r} ({characters.split}) has "
            f"{characters.num_characters} characters."
        )
    return episodes(
        characters,
        num_classes=protocol.ways,
        targets_per_class=protocol.targets_per_class,
        shots=protocol.shots,
        seed=seed,
        num_episodes=protocol.num_episodes,
    )


def measure_classification(
    scorer: AddressScorer,
    protocol: Classification,
    characters: CharacterSet,
    seed: int,
    advance: Callable[[], object] = lambda: None,
) -> list[Measurement]:
    """The accuracy of argmax_c sum_{a: m_a has label c} q(a | x), as a fraction.

    Arguments and errors are those of `measure_few_shot`.
    """
    classify = tf.function(scorer.classify)
    ways = tf.constant(protocol.ways, tf.int32)
    correct = []
    for episode in classification_episodes(protocol, characters, seed):
        answer = classify(episode["x"], episode["memory"], episode["memory_label"], ways)
        guess = tf.argmax(answer["probabilities"], axis=1, output_type=tf.int32)
        correct.append(tf.equal(guess, episode["x_label"]).numpy())
        advance()
    correct = np.stack(correct)
    return [Measurement("accuracy", clustered_mean(correct), None, correct.size)]
