"""A check of episodes that come from outside, before and while a model reads them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import tensorflow as tf

from tfvma.errors import InvalidArgumentError

_EXPECTED = (
    'expected a tf.data.Dataset of episodes, {"x": float32 [B, H, W, 1], '
    '"memory": float32 [M, H, W, 1]}, with labels or not'
)
_KEYS = ("x", "memory")
_PREFIX = "bad episode: "


def check_episodes(
    dataset: tf.data.Dataset,
    image_shape: tuple[int, int, int] | None = None,
    with_memory: bool = True,
) -> tf.data.Dataset:
    """Returns the same dataset, checked.

    Args:
        dataset: of episodes.
        image_shape: (H, W, C) that images must have; None for any, one channel.
        with_memory: False where the memory is learned, so that episodes have none.

    At once, from the element specification: a dict with float32 images "x" [B, H, W, 1] and
    "memory" [M, H, W, 1] of the same size, neither of them empty. Other keys pass untouched.
    Raises InvalidArgumentError, which names what was found and what was expected.

    While it is read, in each element: the shapes that were not known before, and values
    within [0, 1]. The first bad element raises tf.errors.InvalidArgumentError, whose message
    holds one sentence that names the key, the values found and the values expected; see
    `clear_errors`.
    """
    if not isinstance(dataset, tf.data.Dataset):
        raise InvalidArgumentError(f"dataset={_describe(dataset)}: {_EXPECTED}.")
    spec = dataset.element_spec
    if not isinstance(spec, dict):
        raise InvalidArgumentError(f"dataset with elements {_describe(spec)}: {_EXPECTED}.")
    keys = _KEYS if with_memory else _KEYS[:1]
    for key in keys:
        _check_spec(key, spec)
        found = spec[key].shape[1:]
        if image_shape is not None and not found.is_compatible_with(image_shape):
            raise InvalidArgumentError(
                f"{key} with images of shape {found} in the dataset: expected {image_shape}, the "
                "size that the model was made for."
            )
    if with_memory and not spec["x"].shape[1:].is_compatible_with(spec["memory"].shape[1:]):
        x, memory = (spec[key].shape[1:] for key in _KEYS)
        raise InvalidArgumentError(
            f"x with images of shape {x} and memory with images of shape {memory}: "
            "expected the same."
        )
    return dataset.map(lambda element: _check_element(element, keys))


@contextmanager
def clear_errors() -> Iterator[None]:
    """Raises what `check_episodes` finds within the block as tfvma's InvalidArgumentError.

    TensorFlow wraps the sentence in the names of its nodes. Other errors pass unchanged.
    """
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        found = re.search(rf"\[({_PREFIX}.*?\.)\]", error.message)
        if found is None:
            raise
        raise InvalidArgumentError(found[1]) from error


def _check_spec(key: str, spec: dict[str, tf.TypeSpec]) -> None:
    if key not in spec:
        raise InvalidArgumentError(f"dataset with keys {sorted(spec)}: no {key!r}; {_EXPECTED}.")
    found = spec[key]
    if not isinstance(found, tf.TensorSpec):
        raise InvalidArgumentError(f"{key}={_describe(found)} in the dataset: {_EXPECTED}.")
    if found.dtype != tf.float32 or found.shape.rank != 4:
        raise InvalidArgumentError(
            f"{key} of {found.dtype.name} and shape {found.shape} in the dataset: {_EXPECTED}."
        )
    if 0 in found.shape:
        raise InvalidArgumentError(
            f"{key} of shape {found.shape} in the dataset is empty: expected at least one image."
        )


def _check_element(element: dict[str, tf.Tensor], keys: tuple[str, ...]) -> dict[str, tf.Tensor]:
    checks = [_assert_images(key, element[key]) for key in keys]
    sizes = [tf.shape(element[key])[1:] for key in keys]
    if len(keys) > 1:
        checks.append(
            _assert(
                tf.reduce_all(sizes[0] == sizes[1]),
                lambda: tf.strings.format(
                    "x with images of shape {} and memory with images of shape {}: "
                    "expected the same.",
                    sizes,
                ),
            )
        )
    with tf.control_dependencies(checks):
        return {**element, **{key: tf.identity(element[key]) for key in keys}}


def _assert_images(key: str, images: tf.Tensor) -> tf.Operation:
    not_empty = _assert(
        tf.size(images) > 0,
        lambda: tf.strings.format(
            key + " of shape {} is empty: expected at least one image.", tf.shape(images)
        ),
    )
    with tf.control_dependencies([not_empty]):
        # Comparisons with NaN are false, so that this line finds it too.
        within = tf.reduce_all((images >= 0.0) & (images <= 1.0))

    def describe() -> tf.Tensor:
        nan = tf.math.is_nan(images)
        numbers = tf.boolean_mask(images, ~nan)
        return tf.cond(
            tf.size(numbers) > 0,
            lambda: tf.strings.format(
                key + " has {} NaN and values from {} to {}: expected values in [0, 1].",
                [
                    tf.reduce_sum(tf.cast(nan, tf.int32)),
                    tf.reduce_min(numbers),
                    tf.reduce_max(numbers),
                ],
            ),
            lambda: tf.constant(key + " has nothing but NaN: expected values in [0, 1]."),
        )

    return _assert(within, describe)


def _assert(condition: tf.Tensor, describe: Callable[[], tf.Tensor]) -> tf.Operation:
    """Stops with the text of `describe`, which is made only if the condition does not hold."""

    def fail() -> tf.Tensor:
        with tf.control_dependencies([tf.debugging.Assert(False, [_PREFIX + describe()])]):
            return tf.constant(False)

    return tf.cond(condition, lambda: tf.constant(True), fail).op


def _describe(value: object) -> str:
    kind = type(value)
    if isinstance(value, dict):
        items = (f"{key!r}: {_describe(item)}" for key, item in value.items())
        return "{" + ", ".join(items) + "}"
    if isinstance(value, (tuple, list)):
        return f"{kind.__name__}({', '.join(_describe(item) for item in value)})"
    shape = getattr(value, "shape", None)
    return kind.__name__ if shape is None else f"{kind.__name__}{tuple(shape)}"
