"""Options of a configuration from text such as "training.steps=500"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args, get_origin

from tfvma.config import Config, describe_type, option_types, replace_options
from tfvma.errors import InvalidArgumentError

_BOOLEANS = {"true": True, "false": False}


def apply_overrides(config: Config, assignments: Iterable[str]) -> Config:
    """`config` with each "section.option=value" applied, the last one winning.

    Raises InvalidArgumentError for text without "=", an unknown option, or a value
    that is not of the option's type.
    """
    types = option_types()
    values: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise InvalidArgumentError(
                f"{assignment!r}: expected option=value, such as training.steps=500."
            )
        key = key.strip()
        values[key] = _parse(key, text.strip(), types[key]) if key in types else text
    return replace_options(config, values)


def _parse(key: str, text: str, hint: Any) -> Any:
    try:
        if get_origin(hint) is tuple:
            item = get_args(hint)[0]
            return tuple(item(part) for part in text.strip("()[]").split(",") if part.strip())
        if hint is bool:
            return _BOOLEANS[text.lower()]
        return hint(text)
    except (ValueError, KeyError):
        raise InvalidArgumentError(f"{key}={text!r}: expected {describe_type(hint)}.") from None
