"""Gradient estimators for the discrete address."""

from __future__ import annotations

from tfvma.estimators.by_name import NAMES, get
from tfvma.estimators.concrete import Concrete, Relaxed, StraightThrough
from tfvma.estimators.estimator import Estimator, LatentDensities, LogDensities, Proposal
from tfvma.estimators.exact import Exact
from tfvma.estimators.marginal import Marginal
from tfvma.estimators.nvil import Nvil
from tfvma.estimators.ovis import Ovis
from tfvma.estimators.reinforce import Reinforce
from tfvma.estimators.top_k import ExactTopK, MarginalTopK
from tfvma.estimators.vimco import Vimco
from tfvma.estimators.wake_wake import WakeWake

__all__ = [
    "NAMES",
    "Concrete",
    "Estimator",
    "Exact",
    "ExactTopK",
    "LatentDensities",
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
