"""Checks of arguments: at once where values are known, in the graph where not."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfvma import arguments
from tfvma.errors import InvalidArgumentError

SHAPE = (2, 3, 1)
IMAGES = np.ones((4, *SHAPE), np.float32)


def checked(x, num_samples, memory_label):
    """Every check at once, and a value that depends on all that was checked."""
    x = arguments.images("x", x, SHAPE)
    num_samples = arguments.count("num_samples", num_samples)
    memory_label = arguments.labels("memory_label", memory_label, num_samples)
    memory_label = arguments.paired("memory_label", memory_label, "x", x)
    return tf.reduce_sum(x) + tf.cast(num_samples + tf.reduce_sum(memory_label), tf.float32)


SPECS = [
    tf.TensorSpec([None, *SHAPE], tf.float32),
    tf.TensorSpec([], tf.int32),
    tf.TensorSpec([None], tf.int32),
]


@pytest.mark.parametrize("jit_compile", [False, True])
def test_good_arguments_pass(jit_compile):
    inputs = (tf.constant(IMAGES), tf.constant(2), tf.constant([0, 1, 1, 0]))
    in_graph = tf.function(checked, input_signature=SPECS, jit_compile=jit_compile)
    assert in_graph(*inputs) == checked(*inputs) == 24 + 2 + 2


BAD = {
    "no image": ((IMAGES[:0], 1, []), "x of length 0", "x of length] [0]"),
    "too large": ((2 * IMAGES, 1, [0] * 4), "x with values in [2.0, 2.0]", "values in] [2 2]"),
    "NaN": ((np.nan * IMAGES, 1, [0] * 4), "x with values in [nan, nan]", "values in] ["),
    "no sample": ((IMAGES, 0, [0] * 4), "num_samples=0", "got num_samples] [0]"),
    "label too large": (
        (IMAGES, 2, [0, 1, 2, 0]),
        "memory_label and ways [0, 1, 2, 0], 2",
        "got memory_label and ways] [0 1 2...] [2]",
    ),
    "lengths": ((IMAGES, 1, [0] * 3), "memory_label and x of lengths [3, 4]", "lengths] [3 4]"),
}


@pytest.mark.parametrize(("inputs", "eager", "graph"), BAD.values(), ids=BAD)
def test_bad_arguments_are_named_with_their_values(inputs, eager, graph):
    with pytest.raises(InvalidArgumentError) as error:
        checked(*inputs)
    assert str(error.value).startswith(f"{eager}: expected ")
    tensors = [tf.constant(value, spec.dtype) for value, spec in zip(inputs, SPECS, strict=True)]
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        tf.function(checked, input_signature=SPECS)(*tensors)
    assert graph in str(error.value)


def test_known_counts_stay_known_in_a_graph():
    @tf.function
    def zeros():
        return tf.zeros(tf.stack([arguments.count("num_samples", 3), 2]))

    assert zeros.get_concrete_function().structured_outputs.shape == (3, 2)


@pytest.mark.parametrize("value", [[1.5, 2.0], ["a", "b"], None, [1, 2, 3], 7])
def test_seeds(value):
    with pytest.raises(InvalidArgumentError, match="seed of .*: expected int32 .2.."):
        arguments.seed(value)


def test_numpy_numbers_of_another_width_are_taken():
    assert arguments.seed(np.array([1, -2], np.int64)).dtype == tf.int32
    assert arguments.images("x", IMAGES.astype(np.uint8), SHAPE).dtype == tf.float32
    with pytest.raises(InvalidArgumentError, match="z of float64: expected float32 .any, 5.."):
        arguments.rows("z", tf.zeros([2, 5], tf.float64), (5,))


@pytest.mark.parametrize("value", [True, 2**31, 2**40])
def test_what_no_count_can_be_is_named(value):
    with pytest.raises(InvalidArgumentError, match=f"^num_samples={value}: expected .* 2147483647"):
        arguments.count("num_samples", value)
