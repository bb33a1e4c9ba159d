"""Estimators from text: "vimco", or with settings "ovis(gamma=0.5)"."""

from __future__ import annotations

import ast
import inspect
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
_FORM = "expected a name, or a name with settings such as 'ovis(gamma=0.5)'."


def get(estimator: str | Estimator) -> Estimator:
    """An estimator from its name, or itself.

    Args:
        estimator: one of NAMES, alone or with settings: "name(setting=value, ...)", each a
            number or a quoted string that the class of that name takes.

    Raises InvalidArgumentError for text of another form, an unknown name or setting, or a value
    that is not of the setting's type or out of its range.
    """
    if isinstance(estimator, Estimator):
        return estimator
    name, _, _ = str(estimator).partition("(")
    check_choice("estimator", name, _BY_NAME)
    settings = _settings(estimator) if "(" in estimator else {}
    known = inspect.signature(_BY_NAME[name]).parameters
    for setting, value in settings.items():
        if setting not in known:
            expected = f"one of {', '.join(sorted(known))}" if known else "none"
            raise InvalidArgumentError(
                f"estimator={estimator!r}: no setting {setting!r}, expected {expected}."
            )
        _check_type(estimator, setting, value, type(known[setting].default))
    return _BY_NAME[name](**settings)


def _settings(text: str) -> dict[str, Any]:
    """{"gamma": 0.5} of "ovis(gamma=0.5)": nothing is evaluated but literals."""
    try:
        call = ast.parse(text, mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.args:
            raise ValueError
        return {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    except (SyntaxError, ValueError):
        raise InvalidArgumentError(f"estimator={text!r}: {_FORM}") from None


def _check_type(text: str, setting: str, value: object, kind: type) -> None:
    """An int will do for a float, but not a bool for a number."""
    accepted = (int, float) if kind is float else kind
    if not isinstance(value, accepted) or isinstance(value, bool):
        raise InvalidArgumentError(
            f"estimator={text!r}: {setting}={value!r}, expected {kind.__name__}."
        )
