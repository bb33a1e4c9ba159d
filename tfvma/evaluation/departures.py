"""What about a model is not as in the paper, for tables where the two stand side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from tfvma.config import Config
from tfvma.evaluation.paper_learned28 import LEARNED28_DATASETS
from tfvma.evaluation.zoo import ZooModel


class Departure(NamedTuple):
    """One of them: the letter that marks it in a table, and what it says below.

    `of_stage` tells of a stage of training whether it has it; `lasting`, whether an earlier
    stage that had it is enough.
    """

    mark: str
    words: str
    of_stage: Callable[[Config], object]
    lasting: bool = False


# Maps of the network for table 1, as the preset `gmn_vma` has them.
_TABLE1_FILTERS = 32
_DEPARTURES = (
    Departure("a", "trained on turned characters too", lambda c: c.episodes.turned, lasting=True),
    Departure(
        "b",
        "trained on warped drawings too",
        lambda c: c.episodes.warped_copies or c.episodes.warped_targets,
        lasting=True,
    ),
    Departure(
        "c",
        "logits multiplied after training by what is best for as many samples",
        lambda c: c.training.sharpened_for,
    ),
    Departure(
        "d",
        "a decoder that begins as a copy of the entry, which the paper's has to learn",
        lambda c: c.model.entry_to_logits,
    ),
    Departure("e", "one key for entries and queries", lambda c: c.model.tied),
    Departure(
        "f",
        "scored on another 28x28 version of the drawings than the paper's",
        lambda c: c.episodes.dataset in LEARNED28_DATASETS,
    ),
    Departure(
        "g",
        "a larger network than the paper's for table 1",
        lambda c: c.episodes.dataset == "gmn" and max(c.model.filters) > _TABLE1_FILTERS,
    ),
    Departure(
        "h",
        "without the paper's L2 for table 1",
        lambda c: c.episodes.dataset == "gmn" and not c.training.l2,
    ),
)


def departures(model: ZooModel) -> list[Departure]:
    """Those of `model`, as the stages of its latest version tell."""
    stages = model.stages or [model.config]
    return [
        departure
        for departure in _DEPARTURES
        if any(map(departure.of_stage, stages if departure.lasting else stages[-1:]))
    ]


def marks(found: Sequence[Departure]) -> str:
    """What stands in a cell, "a, b"; a dash for none."""
    return ", ".join(departure.mark for departure in found) or "–"


def legend(found: Iterable[Departure]) -> str:
    """What the marks mean, of those that were found, in one sentence; "" for none."""
    shown = sorted(set(found), key=lambda departure: departure.mark)
    return "; ".join(f"{departure.mark}: {departure.words}" for departure in shown)
