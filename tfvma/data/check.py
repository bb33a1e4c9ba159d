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
# The label of each image, by the key of the images.
_LABELS = {"x": "x_label", "memory": "memory_label"}
_EXPECTED_LABELS = 'expected "x_label" [B] and "memory_label" [M] of one integer dtype, or neither'
_PREFIX = "bad episode: "
# (H, W, C), with None for any.
_ImageShape = tuple[int | None, int | None, int]


def check_episodes(
    dataset: tf.data.Dataset,
    image_shape: tuple[int, int, int] | None = None,
    with_memory: bool = True,
) -> tf.data.Dataset:
    """Returns the same dataset, checked.

    Args:
        dataset: of episodes.
        image_shape: (H, W, C) that images must have; None for any H and W, and one channel.
        with_memory: False where the memory is learned, so that episodes have none.

    At once, from the element specification: a dict with float32 images "x" [B, H, W, 1] and
    "memory" [M, H, W, 1] of the same size, neither of them empty. Where there is a memory,
    labels "x_label" [B] and "memory_label" [M] of one integer dtype, or neither. Other keys
    pass untouched. Raises InvalidArgumentError, which names what was found and what was expected.

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
    expected = (None, None, 1) if image_shape is None else tuple(image_shape)
    for key in keys:
        _check_spec(key, spec)
        found = spec[key].shape[1:]
        if not found.is_compatible_with(expected):
            raise InvalidArgumentError(
                f"{key} with images of shape {found} in the dataset: {_expected_images(expected)}."
            )
    if with_memory and not spec["x"].shape[1:].is_compatible_with(spec["memory"].shape[1:]):
        x, memory = (spec[key].shape[1:] for key in _KEYS)
        raise InvalidArgumentError(
            f"x with images of shape {x} and memory with images of shape {memory}: "
            "expected the same."
        )
    if with_memory:
        _check_label_specs(spec)
    return dataset.map(lambda element: _check_element(element, keys, expected))


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


def _check_label_specs(spec: dict[str, tf.TypeSpec]) -> None:
    labels = [label for label in _LABELS.values() if label in spec]
    if not labels:
        return
    if len(labels) < len(_LABELS):
        raise InvalidArgumentError(
            f"dataset with keys {sorted(spec)}: {labels[0]!r} alone; {_EXPECTED_LABELS}."
        )
    for key, label in _LABELS.items():
        found = spec[label]
        if not isinstance(found, tf.TensorSpec):
            raise InvalidArgumentError(
                f"{label}={_describe(found)} in the dataset: {_EXPECTED_LABELS}."
            )
        if not found.dtype.is_integer or found.shape.rank != 1:
            raise InvalidArgumentError(
                f"{label} of {found.dtype.name} and shape {found.shape} in the dataset: "
                f"{_EXPECTED_LABELS}."
            )
        if not found.shape.is_compatible_with(spec[key].shape[:1]):
            raise InvalidArgumentError(
                f"{label} of length {found.shape[0]} and {key} of length {spec[key].shape[0]} in "
                "the dataset: expected a label for each image."
            )
    dtypes = [spec[label].dtype.name for label in labels]
    if dtypes[0] != dtypes[1]:
        raise InvalidArgumentError(
            f"x_label of {dtypes[0]} and memory_label of {dtypes[1]} in the dataset: "
            f"{_EXPECTED_LABELS}."
        )


def _expected_images(shape: _ImageShape) -> str:
    if None in shape:
        return "expected [height, width, 1]"
    return f"expected {shape}, the size that the model was made for"


def _check_element(
    element: dict[str, tf.Tensor], keys: tuple[str, ...], expected: _ImageShape
) -> dict[str, tf.Tensor]:
    checks = [_assert_shape(key, element[key], expected) for key in keys]
    checks += [_assert_images(key, element[key]) for key in keys]
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
        checks += [_assert_labels(key, element) for key in keys if _LABELS[key] in element]
    with tf.control_dependencies(checks):
        images = {key: tf.ensure_shape(element[key], (None, *expected)) for key in keys}
        return {**element, **images}


def _assert_shape(key: str, images: tf.Tensor, expected: _ImageShape) -> tf.Operation:
    found = tf.shape(images)[1:]
    return _assert(
        tf.reduce_all(
            [found[axis] == size for axis, size in enumerate(expected) if size is not None]
        ),
        lambda: tf.strings.format(
            f"{key} with images of shape {{}}: {_expected_images(expected)}.", found
        ),
    )


def _assert_labels(key: str, element: dict[str, tf.Tensor]) -> tf.Operation:
    label = _LABELS[key]
    lengths = [tf.shape(element[name])[0] for name in (label, key)]
    return _assert(
        lengths[0] == lengths[1],
        lambda: tf.strings.format(
            f"{label} of length {{}} and {key} of length {{}}: expected a label for each image.",
            lengths,
        ),
    )


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
