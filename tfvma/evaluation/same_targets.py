"""The bound on the same targets, with more and more characters or examples in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import numpy as np

from tfvma.data.characters import CharacterSet
from tfvma.data.same_targets import check_same_targets, same_targets
from tfvma.errors import DataError
from tfvma.evaluation.measurement import Measurement
from tfvma.evaluation.protocols import SameTargets
from tfvma.evaluation.scored_terms import Key, scored_episodes
from tfvma.evaluation.scorer import Scorer
from tfvma.evaluation.standard_error import grouped_mean


def check_characters(protocol: SameTargets, characters: CharacterSet) -> None:
    """Raises DataError where `characters` are too few for `protocol`."""
    if characters.num_characters < 2:
        raise DataError(
            f"{characters.name!r} ({characters.split}) has 1 character: expected at least 2, "
            "without which there is no standard error."
        )
    check_same_targets(
        characters,
        protocol.num_classes,
        protocol.targets_per_class,
        protocol.shots,
        protocol.num_turns,
    )


def measure_same_targets(
    scorer: Scorer,
    protocol: SameTargets,
    characters: CharacterSet,
    seed: int,
    advance: Callable[[int], object] = lambda targets: None,
) -> list[Measurement]:
    """Scores every target at every K.

    Metrics are those of `measure_few_shot`. Standard errors are clustered by character, as in
    `measure_all_classes`. With the same targets for all numbers of characters and examples,
    differences between them are known better than their errors say. Episode i draws its samples
    from the seed [seed, i].

    Args:
      scorer: the model.
      protocol: its settings.
      characters: what is drawn from.
      seed: of the episodes and samples.
      advance: called after each episode with its number of targets.

    Raises DataError where there are too few characters or drawings, DivergedError where
    the model gives a bound that is not finite.
    """
    drawn = same_targets(
        characters,
        num_classes=protocol.num_classes,
        targets_per_class=protocol.targets_per_class,
        shots=protocol.shots,
        num_turns=protocol.num_turns,
        seed=seed,
    )
    values: dict[Key, list[np.ndarray]] = defaultdict(list)
    shown: list[np.ndarray] = []
    for episode, terms in scored_episodes(scorer, drawn, protocol.num_samples, seed):
        for key, value in terms.items():
            values[key].append(value)
        shown.append(episode["character"].numpy())
        advance(len(shown[-1]))
    character = np.concatenate(shown)
    return [
        Measurement(
            metric, grouped_mean(np.concatenate(parts), character), num_samples, len(character)
        )
        for (metric, num_samples), parts in values.items()
    ]
