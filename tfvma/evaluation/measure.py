"""Runs a protocol, whichever it is."""

from __future__ import annotations

from collections.abc import Callable

from tfvma.data.characters import CharacterSet
from tfvma.evaluation.classification import classification_episodes, measure_classification
from tfvma.evaluation.few_shot import few_shot_episodes, measure_few_shot
from tfvma.evaluation.measurement import Measurement
from tfvma.evaluation.protocols import Classification, FewShot
from tfvma.evaluation.scorer import Scorer


def check_data(protocol: FewShot | Classification, characters: CharacterSet) -> None:
    """Raises DataError where `characters` are too few for `protocol`."""
    draw = few_shot_episodes if isinstance(protocol, FewShot) else classification_episodes
    draw(protocol, characters, seed=0)


def measure(
    scorer: Scorer,
    protocol: FewShot | Classification,
    characters: CharacterSet,
    seed: int,
    advance: Callable[[], object] = lambda: None,
) -> list[Measurement]:
    """`measure_few_shot` or `measure_classification`."""
    run = measure_few_shot if isinstance(protocol, FewShot) else measure_classification
    return run(scorer, protocol, characters, seed, advance)
