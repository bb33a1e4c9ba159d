"""Gradient estimators for the discrete address."""

from __future__ import annotations

from collections.abc import Callable

from tfvma.estimators.concrete import Concrete, Relaxed, StraightThrough
from tfvma.estimators.estimator import Estimator, LogDensities, Proposal
from tfvma.estimators.exact import Exact
from tfvma.estimators.marginal import Marginal
from tfvma.estimators.nvil import Nvil
from tfvma.estimators.ovis import Ovis
from tfvma.estimators.reinforce import Reinforce
from tfvma.estimators.top_k import ExactTopK, MarginalTopK
from tfvma.estimators.vimco import Vimco
from tfvma.estimators.wake_wake import WakeWake
from tfvma.validation import check_choice

_BY_NAME: dict[str, Callable[[], Estimator]] = {
    "vimco": Vimco,
    "vimco_geometric": lambda: Vimco(baseline="geometric"),
    "ovis": Ovis,
    "wake_wake": WakeWake,
    "wake_wake_joint": lambda: WakeWake(latent="wake"),
    "wake_wake_stratified": lambda: WakeWake(addresses="stratified"),
    "reinforce": Reinforce,
    "nvil": Nvil,
    "nvil_stratified": lambda: Nvil(addresses="stratified"),
    "concrete": Concrete,
    "straight_through": StraightThrough,
    "exact": Exact,
    "exact_top_k": ExactTopK,
    "marginal": Marginal,
    "marginal_top_k": MarginalTopK,
}
NAMES = tuple(_BY_NAME)


def get(estimator: str | Estimator) -> Estimator:
    """An estimator from its name, or itself; raises InvalidArgumentError on an unknown name."""
    if isinstance(estimator, Estimator):
        return estimator
    check_choice("estimator", estimator, _BY_NAME)
    return _BY_NAME[estimator]()


__all__ = [
    "NAMES",
    "Concrete",
    "Estimator",
    "Exact",
    "ExactTopK",
    "LogDensities",
    "Marginal",
    "MarginalTopK",
    "Nvil",
    "Ovis",
    "Proposal",
    "Reinforce",
    "Relaxed",
    "StraightThrough",
    "Vimco",
    "WakeWake",
    "get",
]
