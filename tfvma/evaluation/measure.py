"""Runs a protocol, whichever it is."""

from __future__ import annotations

from collections.abc import Callable

from tfvma.data.characters import CharacterSet
from tfvma.data.draw import Source
from tfvma.datasets import CHARACTERS, IMAGES
from tfvma.errors import InvalidArgumentError
from tfvma.evaluation import nll, recall, same_targets
from tfvma.evaluation.all_classes import measure_all_classes, num_targets
from tfvma.evaluation.classification import classification_episodes, measure_classification
from tfvma.evaluation.few_shot import few_shot_episodes, measure_few_shot
from tfvma.evaluation.importance_classification import (
    measure_importance_classification,
)
from tfvma.evaluation.measurement import Measurement
from tfvma.evaluation.protocols import (
    AllClasses,
    AllClassesShots,
    AnyProtocol,
    CharacterProtocol,
    Classification,
    Confounders,
    FewShot,
    ImportanceClassification,
    Nll,
    Recall,
    SameTargets,
    Table1,
    UnknownClass,
)
from tfvma.evaluation.scorer import Scorer
from tfvma.evaluation.unknown_class import measure_unknown_class, unknown_class_episodes

_MEASURE = {
    FewShot: measure_few_shot,
    Confounders: same_targets.measure_same_targets,
    Table1: same_targets.measure_same_targets,
    Classification: measure_classification,
    ImportanceClassification: measure_importance_classification,
    AllClasses: measure_all_classes,
    AllClassesShots: measure_all_classes,
    UnknownClass: measure_unknown_class,
    Recall: recall.measure_recall,
    Nll: nll.measure_nll,
}


def check_data(protocol: AnyProtocol, source: Source) -> None:
    """Raises InvalidArgumentError where `source` is of the wrong kind for `protocol`, DataError
    where it holds too little."""
    of_characters = isinstance(protocol, CharacterProtocol)
    if of_characters != isinstance(source, CharacterSet):
        kind, names = ("characters", CHARACTERS) if of_characters else ("images", IMAGES)
        raise InvalidArgumentError(
            f"dataset={source.name!r}: expected a set of {kind} for protocol={protocol.name!r}, "
            f"one of {', '.join(map(repr, names))}."
        )
    check = {
        Confounders: lambda: same_targets.check_characters(protocol, source),
        Table1: lambda: same_targets.check_characters(protocol, source),
        FewShot: lambda: few_shot_episodes(protocol, source, seed=0),
        Classification: lambda: classification_episodes(protocol, source, seed=0),
        ImportanceClassification: lambda: classification_episodes(protocol, source, seed=0),
        AllClasses: lambda: num_targets(protocol, source),
        AllClassesShots: lambda: num_targets(protocol, source),
        UnknownClass: lambda: unknown_class_episodes(protocol, source, seed=0),
        Recall: lambda: recall.recall_episode(protocol, source, seed=0),
        Nll: lambda: nll.num_targets(protocol, source),
    }
    check[type(protocol)]()


def amount(protocol: AnyProtocol, source: Source) -> tuple[int, str]:
    """How much there is to do, and of what: calls of `advance` add up to it."""
    if isinstance(protocol, SameTargets):
        return protocol.num_targets, "target"
    if isinstance(protocol, AllClasses):
        return num_targets(protocol, source), "target"
    if isinstance(protocol, Recall):
        return protocol.memory_size, "target"
    if isinstance(protocol, Nll):
        return nll.num_targets(protocol, source), "target"
    return protocol.num_episodes, "episode"


def measure(
    scorer: Scorer,
    protocol: AnyProtocol,
    source: Source,
    seed: int,
    advance: Callable[..., object] = lambda *done: None,
) -> list[Measurement]:
    """The function that measures protocols of this kind: see there."""
    return _MEASURE[type(protocol)](scorer, protocol, source, seed, advance)
