"""Gradient estimators for the discrete address."""

from __future__ import annotations

from tfvma.estimators.estimator import Estimator, LogDensities
from tfvma.estimators.vimco import Vimco
from tfvma.validation import check_choice

_BY_NAME = {
    "vimco": Vimco,
    "vimco_geometric": lambda: Vimco(baseline="geometric"),
}


def get(estimator: str | Estimator) -> Estimator:
    """An estimator from its name, or itself; raises InvalidArgumentError on an unknown name."""
    if isinstance(estimator, Estimator):
        return estimator
    check_choice("estimator", estimator, _BY_NAME)
    return _BY_NAME[estimator]()


__all__ = ["Estimator", "LogDensities", "Vimco", "get"]
