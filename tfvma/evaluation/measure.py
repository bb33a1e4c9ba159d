"""Runs a protocol, whichever it is."""

from __future__ import annotations

from collections.abc import Callable

from tfvma.data.characters import CharacterSet
from tfvma.evaluation.all_classes import measure_all_classes, num_targets
from tfvma.evaluation.classification import classification_episodes, measure_classification
from tfvma.evaluation.few_shot import few_shot_episodes, measure_few_shot
from tfvma.evaluation.importance_classification import (
    importance_episodes,
    measure_importance_classification,
)
from tfvma.evaluation.measurement import Measurement
from tfvma.evaluation.protocols import (
    AllClasses,
    AnyProtocol,
    Classification,
    Confounders,
    FewShot,
    ImportanceClassification,
)
from tfvma.evaluation.scorer import Scorer

_MEASURE = {
    FewShot: measure_few_shot,
    Confounders: measure_few_shot,
    Classification: measure_classification,
    ImportanceClassification: measure_importance_classification,
    AllClasses: measure_all_classes,
}


def check_data(protocol: AnyProtocol, characters: CharacterSet) -> None:
    """Raises DataError where `characters` are too few for `protocol`."""
    check = {
        Confounders: lambda: few_shot_episodes(protocol, characters, seed=0),
        FewShot: lambda: few_shot_episodes(protocol, characters, seed=0),
        Classification: lambda: classification_episodes(protocol, characters, seed=0),
        ImportanceClassification: lambda: importance_episodes(protocol, characters, seed=0),
        AllClasses: lambda: num_targets(protocol, characters),
    }
    check[type(protocol)]()


def amount(protocol: AnyProtocol, characters: CharacterSet) -> tuple[int, str]:
    """How much there is to do, and of what: calls of `advance` add up to it."""
    if isinstance(protocol, AllClasses):
        return num_targets(protocol, characters), "target"
    return protocol.num_episodes, "episode"


def measure(
    scorer: Scorer,
    protocol: AnyProtocol,
    characters: CharacterSet,
    seed: int,
    advance: Callable[..., object] = lambda *done: None,
) -> list[Measurement]:
    """The function that measures protocols of this kind: see there."""
    return _MEASURE[type(protocol)](scorer, protocol, characters, seed, advance)
