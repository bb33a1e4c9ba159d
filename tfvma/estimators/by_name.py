"""Estimators from text: "vimco", or with settings "ovis(gamma=0.5)"."""

from __future__ import annotations

import ast
import inspect
import math
from collections.abc import Callable
from functools import partial
from typing import Any

from tfvma.errors import InvalidArgumentError
from tfvma.estimators.concrete import Concrete, StraightThrough
from tfvma.estimators.estimator import Estimator
from tfvma.estimators.exact import Exact
from tfvma.estimators.marginal import Marginal
from tfvma.estimators.nvil import Nvil
from tfvma.estimators.ovis import Ovis
from tfvma.estimators.reinforce import Reinforce
from tfvma.estimators.top_k import ExactTopK, MarginalTopK
from tfvma.estimators.vimco import Vimco
from tfvma.estimators.wake_wake import WakeWake
from tfvma.validation import check_choice

_BY_NAME: dict[str, Callable[..., Estimator]] = {
    "vimco": Vimco,
    "vimco_geometric": partial(Vimco, baseline="geometric"),
    "ovis": Ovis,
    "wake_wake": WakeWake,
    "wake_wake_joint": partial(WakeWake, latent="wake"),
    "wake_wake_stratified": partial(WakeWake, addresses="stratified"),
    "reinforce": Reinforce,
    "nvil": Nvil,
    "nvil_stratified": partial(Nvil, addresses="stratified"),
    "concrete": Concrete,
    "straight_through": StraightThrough,
    "exact": Exact,
    "exact_top_k": ExactTopK,
    "marginal": Marginal,
    "marginal_top_k": MarginalTopK,
}
NAMES = tuple(_BY_NAME)
_KINDS = {float: "a number", int: "a whole number", str: "a quoted string"}


def get(estimator: str | Estimator) -> Estimator:
    """An estimator from its name, or itself.

    Args:
        estimator: one of NAMES, alone or with settings: "name(setting=value, ...)", each a
            number or a quoted string that the class of that name takes, except what the name
            itself says.

    Raises InvalidArgumentError for text of another form, an unknown name or setting, or a value
    that is not of the setting's type or out of its range.
    """
    if isinstance(estimator, Estimator):
        return estimator
    if not isinstance(estimator, str):
        raise InvalidArgumentError(
            f"estimator={estimator!r}: expected a name or an instance of tfvma.estimators."
        )
    name, settings = _parse(estimator) if "(" in estimator else (estimator, {})
    check_choice("estimator", name, _BY_NAME)
    known = _settings_of(_BY_NAME[name])
    for setting, value in settings.items():
        if setting not in known:
            expected = f"one of {', '.join(sorted(known))}" if known else "none"
            raise InvalidArgumentError(
                f"estimator={estimator!r}: no setting {setting!r}, expected {expected}."
            )
        if not _fits(value, known[setting]):
            raise InvalidArgumentError(
                f"estimator={estimator!r}, {setting}={value!r}: expected {_KINDS[known[setting]]}."
            )
    return _BY_NAME[name](**settings)


def _parse(text: str) -> tuple[str, dict[str, Any]]:
    """("ovis", {"gamma": 0.5}) of "ovis(gamma=0.5)"; nothing is evaluated but literals."""
    try:
        call = ast.parse(text.strip(), mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.args:
            raise ValueError
        settings = {item.arg: ast.literal_eval(item.value) for item in call.keywords}
        # **{...} has no name; of two of the same name one would be lost.
        if None in settings or len(settings) < len(call.keywords):
            raise ValueError
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        raise InvalidArgumentError(
            f"estimator={text!r}: expected a name, or a name with settings such as "
            "'ovis(gamma=0.5)', each once."
        ) from None
    return call.func.id, settings


def _settings_of(make: Callable[..., Estimator]) -> dict[str, type]:
    """The type of each setting that is free: those that a partial fixes are in its name."""
    fixed = make.keywords if isinstance(make, partial) else {}
    parameters = inspect.signature(make).parameters.values()
    return {p.name: type(p.default) for p in parameters if p.name not in fixed}


def _fits(value: object, kind: type) -> bool:
    """An int will do for a float; a bool is no number, nor is infinity."""
    if kind is float:
        return type(value) in (int, float) and math.isfinite(value)
    return type(value) is kind
