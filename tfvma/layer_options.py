"""The options of layers, compared: what their weights alone do not tell."""

from __future__ import annotations

from collections.abc import Iterator

import keras

# What does not change what a layer computes with the weights that it has, but for rounding.
_NO_PART = {
    *("name", "trainable", "dtype", "autocast", "activity_regularizer", "build_config"),
    # An initial value.
    "stddev",
}


def differing_option(layer: keras.layers.Layer, expected: keras.layers.Layer, name: str) -> str:
    """The first option, by its path below `name`, in which a layer or one within it is not as
    expected, in words; "" where none is.

    Weights of the same shapes may be used in different ways, as by another similarity.
    """
    if type(layer) is not type(expected):
        return f"{name} is {type(layer).__name__} and not {type(expected).__name__}"
    try:
        found, wanted = (
            dict(_options(keras.saving.serialize_keras_object(one), name))
            for one in (layer, expected)
        )
    except NotImplementedError:
        return f"{name} holds a layer without get_config"
    for path in sorted({*found, *wanted}):
        if found.get(path) != wanted.get(path):
            return f"{path} is {found.get(path)!r} and not {wanted.get(path)!r}"
    return ""


def _options(value, path: str) -> Iterator[tuple[str, object]]:
    """The values in serialized layers, each with its path; reloaded layers may have lists for
    tuples."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in _NO_PART:
                yield from _options(inner, path if key == "config" else f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _options(inner, f"{path}[{number}]")
    else:
        yield path, value
