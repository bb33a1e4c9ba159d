"""Targets whose character is not in memory (paper, supplement)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfvma.data.characters import CharacterSet
from tfvma.data.episodes import episodes
from tfvma.errors import DataError
from tfvma.evaluation.measurement import Measurement
from tfvma.evaluation.protocols import UnknownClass
from tfvma.evaluation.roc import roc_area
from tfvma.evaluation.scored_terms import Key, scored_terms
from tfvma.evaluation.scorer import AddressScorer
from tfvma.evaluation.standard_error import clustered_mean

# Of the terms of the bound those that are reported, and what q(a | x) has besides.
_TERMS = ("nll", "kl_a", "entropy_qa")


class Scores(NamedTuple):
    """A term of each target, [episodes, B]: with its character in memory, and without."""

    known: np.ndarray
    unknown: np.ndarray


def unknown_class_episodes(
    protocol: UnknownClass, characters: CharacterSet, seed: int
) -> tf.data.Dataset:
    """Episodes of twice as many characters; raises DataError where `characters` are too few.

    The first half of the characters has the targets `x`, and the entries `known`; the second
    half the entries `unknown`, as many.
    """
    drawn = 2 * protocol.num_classes
    if drawn > characters.num_characters:
        raise DataError(
            f"num_classes={protocol.num_classes}: {characters.name!r} ({characters.split}) has "
            f"{characters.num_characters} characters, and unknown_class takes twice as many as "
            "are in memory."
        )
    dataset = episodes(
        characters,
        num_classes=drawn,
        targets_per_class=protocol.targets_per_class,
        shots=protocol.shots,
        seed=seed,
        num_episodes=protocol.num_episodes,
    )
    num_targets = protocol.num_classes * protocol.targets_per_class
    memory_size = protocol.num_classes * protocol.shots
    return dataset.map(
        lambda episode: {
            "x": episode["x"][:num_targets],
            "known": episode["memory"][:memory_size],
            "unknown": episode["memory"][memory_size:],
        }
    )


def score_unknown_class(
    scorer: AddressScorer,
    protocol: UnknownClass,
    characters: CharacterSet,
    seed: int,
    advance: Callable[[], object] = lambda: None,
) -> dict[Key, Scores]:
    """The terms of every target with each of two memories of one size, in nats.

    One holds examples of the target's character and others, one of other characters alone.
    ("nll", K) is -L_K, ("kl_a", None) KL(q(a|x) || p(a)) and ("entropy_qa", None) the entropy of
    q(a | x); both need no samples. Episode i draws its samples from the seed [seed, i], with
    either memory.

    Args:
      scorer: the model.
      protocol: its settings.
      characters: what is drawn from.
      seed: of episodes and samples.
      advance: called after each episode.

    Raises DataError where there are too few characters or drawings, DivergedError where the
    model gives a bound that is not finite.
    """
    score, address = tf.function(scorer.score), tf.function(scorer.address)
    values: dict[Key, dict[str, list[np.ndarray]]] = defaultdict(lambda: defaultdict(list))
    for index, episode in enumerate(unknown_class_episodes(protocol, characters, seed)):
        for memory in Scores._fields:
            terms = scored_terms(
                score,
                episode["x"],
                episode[memory],
                protocol.num_samples,
                tf.constant([seed, index], tf.int32),
                f"episode {index}",
            )
            log_posterior = address(episode["x"], episode[memory])["log_posterior"]
            terms["entropy_qa", None] = _entropy(log_posterior.numpy())
            for key, value in terms.items():
                if key[0] in _TERMS:
                    values[key][memory].append(value)
        advance()
    return {
        key: Scores(*(np.stack(of_memory[memory]) for memory in Scores._fields))
        for key, of_memory in values.items()
    }


def measure_unknown_class(
    scorer: AddressScorer,
    protocol: UnknownClass,
    characters: CharacterSet,
    seed: int,
    advance: Callable[[], object] = lambda: None,
) -> list[Measurement]:
    """The means of the terms with either memory, and how well they tell the two apart.

    "auc" is the ROC area of the bound L_K, which should be higher where the character is in
    memory, and "auc_entropy" that of the entropy of q(a | x), which should be lower. Arguments
    and errors are those of `score_unknown_class`.
    """
    scores = score_unknown_class(scorer, protocol, characters, seed, advance)
    means = [
        Measurement(f"{metric}_{memory}", clustered_mean(values), num_samples, values.size)
        for (metric, num_samples), pair in scores.items()
        for memory, values in pair._asdict().items()
    ]
    return [*means, *_areas(scores)]


def _areas(scores: Mapping[Key, Scores]) -> list[Measurement]:
    # Of each of these terms less is to be expected where the character is in memory.
    names = {"nll": "auc", "entropy_qa": "auc_entropy"}
    return [
        Measurement(names[metric], roc_area(-pair.known, -pair.unknown), count, 2 * pair.known.size)
        for (metric, count), pair in scores.items()
        if metric in names
    ]


def _entropy(log_probabilities: np.ndarray) -> np.ndarray:
    """Of each row, in nats."""
    log_probabilities = np.float64(log_probabilities)
    return -np.sum(np.exp(log_probabilities) * log_probabilities, axis=-1)
