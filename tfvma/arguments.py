"""Checks of the tensors that a model, or a SavedModel of it, is called with.

What is known when a function is called, or traced, raises InvalidArgumentError; the
rest becomes an assertion in the graph, so that a server's clients read it too.
"""

from __future__ import annotations

from numbers import Integral

import tensorflow as tf

from tfvma.errors import InvalidArgumentError
from tfvma.validation import check_at_least


def images(name: str, value, image_shape: tuple[int, int, int]) -> tf.Tensor:
    """`value` as float32 [N, H, W, C], N > 0, with numbers in [0, 1]."""
    value = _tensor(name, value, tf.float32, (None, *image_shape))
    length = tf.shape(value)[0]
    value = _require(length > 0, "at least one image", f"{name} of length", [length], value)
    # Comparisons with NaN are false, so that this finds it too.
    within = tf.reduce_all((value >= 0.0) & (value <= 1.0))
    extremes = tf.stack([tf.reduce_min(value), tf.reduce_max(value)])
    return _require(within, "numbers in [0, 1]", f"{name} with values in", [extremes], value)


def rows(name: str, value, row_shape: tuple[int, ...]) -> tf.Tensor:
    """`value` as float32 [N, *row_shape], such as latents [N, D]."""
    return _tensor(name, value, tf.float32, (None, *row_shape))


def count(name: str, value) -> tf.Tensor:
    """`value` as an int32 scalar of at least 1."""
    if isinstance(value, bool) or (isinstance(value, Integral) and value > tf.int32.max):
        raise InvalidArgumentError(
            f"{name}={value!r}: expected a whole number from 1 to {tf.int32.max}."
        )
    value = _tensor(name, value, tf.int32, ())
    known = tf.get_static_value(value)
    if known is not None:
        check_at_least(name, int(known), 1)
        return value
    return _require(value >= 1, "at least 1", name, [value], value)


def seed(value) -> tf.Tensor:
    """`value` as int32 [2]."""
    return _tensor("seed", value, tf.int32, (2,))


def labels(name: str, value, ways: tf.Tensor) -> tf.Tensor:
    """`value` as int32 [N], each in 0..ways-1."""
    value = _tensor(name, value, tf.int32, (None,))
    within = tf.reduce_all((value >= 0) & (value < ways))
    return _require(within, "labels in 0..ways-1", f"{name} and ways", [value, ways], value)


def indices(name: str, value, size: int) -> tf.Tensor:
    """`value` as int32 [N], each in 0..size-1."""
    value = _tensor(name, value, tf.int32, (None,))
    within = tf.reduce_all((value >= 0) & (value < size))
    return _require(within, f"indices in 0..{size - 1}", f"{name} of", [value], value)


def paired(name: str, value: tf.Tensor, other_name: str, other: tf.Tensor) -> tf.Tensor:
    """`value` if it is as long as `other`."""
    lengths = tf.stack([tf.shape(value)[0], tf.shape(other)[0]])
    label = f"{name} and {other_name} of lengths"
    value = _require(lengths[0] == lengths[1], "equal lengths", label, [lengths], value)
    if other.shape[0] is None:
        return value
    # Of a length known beforehand TensorFlow may infer that of the value, from what reads both,
    # and leave the check above out. The error shows the name of the node.
    shape = [other.shape[0], *value.shape[1:]]
    return tf.ensure_shape(value, shape, name=f"{name}_as_long_as_{other_name}")


def _tensor(name: str, value, dtype: tf.DType, shape: tuple[int | None, ...]) -> tf.Tensor:
    expected = f"expected {dtype.name} {_text(shape)}."
    if tf.is_tensor(value) and value.dtype != dtype:
        raise InvalidArgumentError(f"{name} of {value.dtype.name}: {expected}")
    try:
        value = tf.convert_to_tensor(value, dtype)
    except (ValueError, TypeError) as error:
        raise InvalidArgumentError(f"{name} of {type(value).__name__}: {expected}") from error
    if not value.shape.is_compatible_with(shape):
        raise InvalidArgumentError(f"{name} of shape {_text(value.shape)}: {expected}")
    if tf.executing_eagerly() or tf.get_static_value(value) is not None:
        return value
    # A SavedModel looks at the shapes that it is called with nowhere but here.
    return tf.ensure_shape(value, shape)


def _require(
    holds: tf.Tensor, expected: str, label: str, found: list[tf.Tensor], value: tf.Tensor
) -> tf.Tensor:
    """`value` if `holds`, else an error that shows what was `found`."""
    known = tf.get_static_value(holds)
    if known is None:
        complaint = [f"expected {expected}, got {label}", *found]
        with tf.control_dependencies([tf.debugging.Assert(holds, complaint)]):
            return tf.identity(value)
    if not known:
        text = ", ".join(str(tf.get_static_value(tensor).tolist()) for tensor in found)
        raise InvalidArgumentError(f"{label} {text}: expected {expected}.")
    return value


def _text(shape) -> str:
    return f"[{', '.join('any' if size is None else str(size) for size in shape)}]"
