"""A rougher measurement does not take the place of a finer one."""

from __future__ import annotations

from collections.abc import Sequence

from tfvma.errors import InvalidArgumentError
from tfvma.evaluation.metrics_file import Row
from tfvma.evaluation.protocols import (
    AnyProtocol,
    Classification,
    FewShot,
    ImportanceClassification,
    Nll,
    SameTargets,
)


def check_no_fewer_targets(
    rows: Sequence[Row], protocols: Sequence[AnyProtocol], measured_on: str
) -> None:
    """Raises InvalidArgumentError where a protocol would replace rows of more targets.

    Args:
      rows: those of this model that the output has.
      protocols: what is about to be measured.
      measured_on: "omniglot26/test".
    """
    for protocol in protocols:
        targets = _targets(protocol)
        if targets is None:
            continue
        for num_samples in (None, *getattr(protocol, "num_samples", ())):
            name = f"{protocol.name} {measured_on}"
            there = [
                row.targets
                for row in rows
                if (row.protocol, row.num_samples) == (name, num_samples)
            ]
            # An area under a curve has two sets of targets, what is beside it one.
            if there and min(there) > targets:
                raise InvalidArgumentError(
                    f"{protocol.name} of {targets:,} targets: expected no fewer than the "
                    f"{min(there):,} of the scores it would replace; --output FILE keeps both."
                )


def _targets(protocol: AnyProtocol) -> int | None:
    """How many are scored, None where the name says it, or all are."""
    if isinstance(protocol, SameTargets):
        return protocol.num_targets
    if isinstance(protocol, FewShot | Classification | ImportanceClassification):
        return protocol.num_episodes * protocol.num_classes * protocol.targets_per_class
    return protocol.targets if isinstance(protocol, Nll) else None
