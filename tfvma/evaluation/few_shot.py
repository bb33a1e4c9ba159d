"""The few-shot protocol: the bound L_K on held-out drawings (paper, section 4.2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfvma.data.characters import CharacterSet
from tfvma.data.episodes import episodes
from tfvma.evaluation.measurement import Measurement
from tfvma.evaluation.protocols import FewShot
from tfvma.evaluation.scored_terms import Key, scored_episodes
from tfvma.evaluation.scorer import Scorer
from tfvma.evaluation.standard_error import clustered_mean


def few_shot_episodes(protocol: FewShot, characters: CharacterSet, seed: int) -> tf.data.Dataset:
    """The episodes that are scored; raises DataError where `characters` are too few."""
    return episodes(
        characters,
        num_classes=protocol.num_classes,
        targets_per_class=protocol.targets_per_class,
        shots=protocol.shots,
        seed=seed,
        num_episodes=protocol.num_episodes,
    )


def measure_few_shot(
    scorer: Scorer,
    protocol: FewShot,
    characters: CharacterSet,
    seed: int,
    advance: Callable[[], object] = lambda: None,
) -> list[Measurement]:
    """Scores every target at every K.

    Terms are those of `scored_terms`; KL(q(a|x) || p(a)) and the address accuracy (whether
    the most probable entry shows the target's character) need no samples: one row each,
    where the model has an address, and for the second a memory with labels. Targets are the
    same for every model; one that takes no memory is given none. Episode i draws its samples
    from the seed [seed, i].

    Args:
      scorer: the model.
      protocol: its settings.
      characters: what is drawn from.
      seed: of episodes and samples.
      advance: called after each episode.

    Raises DataError where there are too few characters or drawings, DivergedError where
    the model gives a bound that is not finite.
    """
    values: dict[Key, list[np.ndarray]] = defaultdict(list)
    drawn = few_shot_episodes(protocol, characters, seed)
    for _, terms in scored_episodes(scorer, drawn, protocol.num_samples, seed):
        for key, value in terms.items():
            values[key].append(value)
        advance()
    return [
        Measurement(metric, clustered_mean(np.stack(per_episode)), num_samples, _count(per_episode))
        for (metric, num_samples), per_episode in values.items()
    ]


def _count(per_episode: list[np.ndarray]) -> int:
    return sum(value.size for value in per_episode)
