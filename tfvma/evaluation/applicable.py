"""Which protocols can be measured on a model."""

from __future__ import annotations

from collections.abc import Sequence

from tfvma.errors import InvalidArgumentError
from tfvma.evaluation.protocols import (
    AnyProtocol,
    Classification,
    ImportanceClassification,
    Recall,
    UnknownClass,
)
from tfvma.evaluation.scored_terms import reads_labels
from tfvma.evaluation.scorer import Scorer
from tfvma.kinds import kind_of

# These ask which of the labelled entries in memory a target belongs to, if to any.
_LABELLED = (Classification, ImportanceClassification, Recall, UnknownClass)


def applicable(protocols: Sequence[AnyProtocol], scorer: Scorer) -> tuple[AnyProtocol, ...]:
    """Those that can be measured on this model."""
    return tuple(protocol for protocol in protocols if _applies(protocol, scorer))


def check_applicable(protocols: Sequence[AnyProtocol], scorer: Scorer) -> None:
    """Raises InvalidArgumentError for the first that cannot be measured on this model."""
    for protocol in protocols:
        if not _applies(protocol, scorer):
            raise InvalidArgumentError(
                f"protocol={protocol.name!r}: expected a model that samples an address in a memory "
                f"that comes with every call, got a {kind_of(scorer).name}."
            )


def _applies(protocol: AnyProtocol, scorer: Scorer) -> bool:
    return reads_labels(scorer) or not isinstance(protocol, _LABELLED)
