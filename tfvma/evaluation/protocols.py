"""What can be measured: each protocol with its settings, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType

from tfvma.errors import InvalidArgumentError
from tfvma.validation import check_at_least, check_choice

MAX_NUM_SAMPLES = 5_000
# The paper's few-shot accuracies: all pairs of these (section 4.2).
WAYS = (5, 20)
WAYS_SHOTS = (1, 5)
# Figure 5A: the number of characters in memory, up to all of the test set.
CONFOUNDERS = (1, 2, 4, 8, 16, 32, 64, 144)
# Table 1: the number of characters in memory, and of examples of each.
TABLE1_CLASSES = (1, 2, 4, 16)
TABLE1_SHOTS = (1, 2, 3, 4, 5, 10, 19)
# Figure 5B: the examples of each character in memory, up to all but the two that are targets.
EXAMPLES = (1, 2, 4, 8, 12, 16, 18)


@dataclass(frozen=True)
class FewShot:
    """The bound on drawings of characters of which a few examples are in memory.

    Attributes:
      num_classes: characters per episode, C.
      shots: examples of each in memory, S, so that M = C * S.
      targets: drawings that are scored, at least; rounded up to whole episodes.
      num_samples: the K at which the bound is taken, each 1..5000.
      targets_per_class: targets of each character in an episode; none is in memory.

    Raises InvalidArgumentError for a number out of range.
    """

    num_classes: int = 8
    shots: int = 4
    targets: int = 2_048
    num_samples: tuple[int, ...] = (4, 1_000)
    targets_per_class: int = 4

    def __post_init__(self) -> None:
        for name in ("num_classes", "shots", "targets", "targets_per_class"):
            check_at_least(name, getattr(self, name), 1)
        _check_num_samples(self.num_samples)

    @property
    def name(self) -> str:
        return f"few_shot C={self.num_classes} S={self.shots}"

    @property
    def num_episodes(self) -> int:
        """Two at least: one has no standard error."""
        return max(2, -(-self.targets // (self.num_classes * self.targets_per_class)))


@dataclass(frozen=True)
class SameTargets(FewShot):
    """One of several measurements of the same targets, see `tfvma.data.same_targets`.

    All characters take turns, so that the bound with few and with many in memory, and with few
    and many examples, can be compared without the luck of the draw.
    """

    @property
    def num_turns(self) -> int:
        """Of characters, each with its targets; two at least: one has no standard error."""
        return max(2, -(-self.targets // self.targets_per_class))

    @property
    def num_targets(self) -> int:
        """The drawings that are scored."""
        return self.num_turns * self.targets_per_class


@dataclass(frozen=True)
class Confounders(SameTargets):
    """One of several measurements with more and more characters in memory (figure 5A).

    By default each of the 144 test characters of `omniglot26` is the target with 16 drawings.
    """

    targets: int = 2_304
    num_samples: tuple[int, ...] = (4,)

    @property
    def name(self) -> str:
        return f"confounders C={self.num_classes} S={self.shots}"


@dataclass(frozen=True)
class Table1(SameTargets):
    """One cell of table 1: a drawing of each character in memory, given S others of each.

    One target of each character is what 19 examples of 20 leave; by default each of the 659 of
    the test set is one once.
    """

    targets: int = 659
    num_samples: tuple[int, ...] = (1_000,)
    targets_per_class: int = 1

    @property
    def name(self) -> str:
        return f"table1 C={self.num_classes} S={self.shots}"


@dataclass(frozen=True)
class UnknownClass(FewShot):
    """Each target with its character in memory, and with as many others in its place.

    C characters with S examples of each are in memory either way; an episode takes 2 C.
    """

    num_samples: tuple[int, ...] = (4,)

    @property
    def name(self) -> str:
        return f"unknown_class C={self.num_classes} S={self.shots}"


@dataclass(frozen=True)
class Classification:
    """Few-shot classification with the feed-forward q(a | x), summed over labels.

    Attributes:
      ways: characters per episode.
      shots: examples of each in memory.
      num_episodes: how many, at least 2.
      targets_per_class: drawings of each character that are classified in an episode.

    Raises InvalidArgumentError for a number out of range.
    """

    ways: int
    shots: int
    num_episodes: int = 1_000
    targets_per_class: int = 5

    def __post_init__(self) -> None:
        for name in ("ways", "shots", "targets_per_class"):
            check_at_least(name, getattr(self, name), 1)
        check_at_least("episodes", self.num_episodes, 2, "one has no standard error")

    @property
    def name(self) -> str:
        return f"classification {self.ways}-way {self.shots}-shot"

    @property
    def num_classes(self) -> int:
        return self.ways


@dataclass(frozen=True)
class ImportanceClassification:
    """Few-shot classification with log p(x, c), estimated with K samples for each entry.

    Attributes:
      ways: characters per episode.
      shots: examples of each in memory.
      num_episodes: how many, at least 2; the work of one grows with ways^2 * shots.
      num_samples: each K, 1..5000.
      targets_per_class: drawings of each character that are classified in an episode.

    Raises InvalidArgumentError for a number out of range.
    """

    ways: int
    shots: int
    num_episodes: int = 1_000
    num_samples: tuple[int, ...] = (10,)
    targets_per_class: int = 1

    def __post_init__(self) -> None:
        for name in ("ways", "shots", "targets_per_class"):
            check_at_least(name, getattr(self, name), 1)
        check_at_least("episodes", self.num_episodes, 2, "one has no standard error")
        _check_num_samples(self.num_samples)

    @property
    def name(self) -> str:
        return f"classification_iw {self.ways}-way {self.shots}-shot"

    @property
    def num_classes(self) -> int:
        return self.ways


@dataclass(frozen=True)
class AllClasses:
    """The bound with every character in memory, in rotations (`tfvma.data.rotations`).

    Attributes:
      shots: examples of each character in memory, S; all other drawings are targets, some
        in each rotation.
      num_samples: the K at which the bound is taken, each 1..5000.
      rotations: how many are scored, or None for all: then every drawing is a target once.
      targets_per_class: drawings of each character that are targets in a rotation, or None for
        all that are not in memory.

    Raises InvalidArgumentError for a number out of range.
    """

    shots: int = 18
    num_samples: tuple[int, ...] = (4, 1_000)
    rotations: int | None = None
    targets_per_class: int | None = None

    def __post_init__(self) -> None:
        check_at_least("shots", self.shots, 1)
        if self.targets_per_class is not None:
            check_at_least("targets_per_class", self.targets_per_class, 1)
        if self.rotations is not None:
            check_at_least("rotations", self.rotations, 1)
        _check_num_samples(self.num_samples)

    @property
    def name(self) -> str:
        part = "" if self.rotations is None else f" rotations={self.rotations}"
        return f"all_classes S={self.shots}{part}"


@dataclass(frozen=True)
class AllClassesShots(AllClasses):
    """One of several measurements with more and more examples in memory (figure 5B).

    Rotations have the same targets, whatever the shots, so that curves can be compared. With
    the 144 characters of `omniglot26` each rotation is of 288 targets; there are 10.
    """

    num_samples: tuple[int, ...] = (4,)
    targets_per_class: int | None = 2

    @property
    def name(self) -> str:
        return super().name.replace("all_classes", "all_classes_shots", 1)


@dataclass(frozen=True)
class Recall:
    """The bound on images that are all in memory, with nothing else in it.

    Attributes:
      memory_size: images in memory, M, each of which is a target once.
      num_samples: the K at which the bound is taken, each 1..5000.

    Raises InvalidArgumentError for a number out of range.
    """

    memory_size: int = 2_048
    num_samples: tuple[int, ...] = (4, 1_000)

    def __post_init__(self) -> None:
        check_at_least("memory_size", self.memory_size, 2, "one has no standard error")
        _check_num_samples(self.num_samples)

    @property
    def name(self) -> str:
        return f"recall M={self.memory_size}"


@dataclass(frozen=True)
class Nll:
    """The bound on images without a memory that comes with them.

    Attributes:
      targets: images that are scored, drawn without repeats, or None for all.
      num_samples: the K at which the bound is taken, each 1..5000.

    Raises InvalidArgumentError for a number out of range.
    """

    targets: int | None = None
    num_samples: tuple[int, ...] = (4, 1_000)

    def __post_init__(self) -> None:
        if self.targets is not None:
            check_at_least("targets", self.targets, 2, "one has no standard error")
        _check_num_samples(self.num_samples)

    @property
    def name(self) -> str:
        return "nll"


# Of characters, and of images without labels.
CharacterProtocol = FewShot | Classification | ImportanceClassification | AllClasses
ImageProtocol = Recall | Nll
AnyProtocol = CharacterProtocol | ImageProtocol


def classifications(
    num_episodes: int = Classification.num_episodes,
    ways: int | None = None,
    shots: int | None = None,
) -> tuple[Classification, ...]:
    """All of WAYS with all of WAYS_SHOTS, or with the one number that is given instead.

    `num_episodes` is of each.
    """
    return tuple(Classification(*setting, num_episodes) for setting in _ways_and_shots(ways, shots))


def importance_classifications(
    num_episodes: int = ImportanceClassification.num_episodes,
    num_samples: tuple[int, ...] = ImportanceClassification.num_samples,
    ways: int | None = None,
    shots: int | None = None,
) -> tuple[ImportanceClassification, ...]:
    """The same settings as `classifications`."""
    return tuple(
        ImportanceClassification(*setting, num_episodes, num_samples)
        for setting in _ways_and_shots(ways, shots)
    )


def confounders(
    shots: int = 4, targets: int = Confounders.targets, num_samples: tuple[int, ...] = (4,)
) -> tuple[Confounders, ...]:
    """One for each number in CONFOUNDERS."""
    return tuple(Confounders(count, shots, targets, num_samples) for count in CONFOUNDERS)


def up_to(protocols: Sequence[Confounders], num_characters: int) -> tuple[Confounders, ...]:
    """Those of no more characters than there are."""
    return tuple(each for each in protocols if each.num_classes <= num_characters)


def table1(
    targets: int = Table1.targets, num_samples: tuple[int, ...] = (1_000,)
) -> tuple[Table1, ...]:
    """One for each cell: numbers of characters in TABLE1_CLASSES, of examples in TABLE1_SHOTS."""
    return tuple(
        Table1(count, shots, targets, num_samples)
        for count in TABLE1_CLASSES
        for shots in TABLE1_SHOTS
    )


def all_classes_shots(
    num_samples: tuple[int, ...] = (4,), rotations: int | None = None
) -> tuple[AllClassesShots, ...]:
    """One for each number in EXAMPLES."""
    return tuple(AllClassesShots(shots, num_samples, rotations) for shots in EXAMPLES)


def few_shot_and_classifications(
    num_classes: int = FewShot.num_classes,
    shots: int = FewShot.shots,
    targets: int = FewShot.targets,
    num_samples: tuple[int, ...] = FewShot.num_samples,
    num_episodes: int = Classification.num_episodes,
) -> tuple[CharacterProtocol, ...]:
    """What is measured where nothing is named; `num_episodes` is of each classification."""
    return (FewShot(num_classes, shots, targets, num_samples), *classifications(num_episodes))


_MAKERS: Mapping[str, Callable[..., AnyProtocol | tuple[AnyProtocol, ...]]] = {
    "few_shot": FewShot,
    "classification": classifications,
    "classification_iw": importance_classifications,
    "confounders": confounders,
    "all_classes": AllClasses,
    "table1": table1,
    "all_classes_shots": all_classes_shots,
    "unknown_class": UnknownClass,
    "recall": Recall,
    "nll": Nll,
    "all": few_shot_and_classifications,
}
PROTOCOLS = tuple(_MAKERS)


def choose_protocols(
    name: str, settings: Mapping[str, int | tuple[int, ...]] = MappingProxyType({})
) -> tuple[AnyProtocol, ...]:
    """The protocols that `name` stands for.

    "all" is few_shot and classification: the others take many times longer, and some need
    all drawings of a character, or images that have no labels.

    Args:
        name: one of PROTOCOLS.
        settings: of them, where others than the defaults are wanted.

    Raises InvalidArgumentError for another name or a number out of range.
    """
    check_choice("protocol", name, PROTOCOLS)
    made = _MAKERS[name](**settings)
    return made if isinstance(made, tuple) else (made,)


def _ways_and_shots(ways: int | None, shots: int | None) -> Iterator[tuple[int, int]]:
    return product(
        WAYS if ways is None else (ways,),
        WAYS_SHOTS if shots is None else (shots,),
    )


def _check_num_samples(values: tuple[int, ...]) -> None:
    if not values:
        raise InvalidArgumentError("num_samples=(): expected at least one K.")
    for value in values:
        if not 1 <= value <= MAX_NUM_SAMPLES:
            raise InvalidArgumentError(
                f"num_samples={value!r}: expected a K of 1 to {MAX_NUM_SAMPLES}."
            )
