"""The fused update against Keras' own, and against its formula."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfvma.training.fused_adam import FusedAdam

RANDOM = np.random.default_rng(0)
STEPS = 5
OPTIONS = {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.9}


def trained(optimizer: keras.optimizers.Optimizer, gradients) -> list[np.ndarray]:
    """All variables after the steps: the weights and those of the optimizer."""
    weights = [
        keras.Variable(value.astype(np.float32), name=f"w{i}")
        for i, value in enumerate((np.ones((3, 2)), np.full(4, -2.0)))
    ]
    for step in gradients:
        optimizer.apply([tf.constant(gradient) for gradient in step], weights)
    return [np.array(variable) for variable in (*weights, *optimizer.variables)]


def random_gradients() -> list:
    return [
        (RANDOM.normal(size=(3, 2)).astype(np.float32), RANDOM.normal(size=4).astype(np.float32))
        for _ in range(STEPS)
    ]


@pytest.mark.parametrize("amsgrad", [False, True])
def test_all_variables_are_those_of_keras(amsgrad):
    gradients = random_gradients()
    ours = trained(FusedAdam(learning_rate=0.1, amsgrad=amsgrad), gradients)
    theirs = trained(keras.optimizers.Adam(learning_rate=0.1, amsgrad=amsgrad), gradients)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_momentum_of_the_average_rises_to_its_own():
    weight = keras.Variable(np.zeros(2, np.float32))
    optimizer = FusedAdam(learning_rate=0.1, use_ema=True, ema_momentum=0.5)
    expected = np.full(2, np.nan)
    for momentum in (0, 1 / 10, 2 / 11, 3 / 12, 4 / 13, 5 / 14, 6 / 15, 7 / 16, 8 / 17, 0.5, 0.5):
        optimizer.apply([tf.ones(2)], [weight])
        expected = np.where(momentum, momentum * expected, 0) + (1 - momentum) * np.array(weight)
    optimizer.finalize_variable_values([weight])
    np.testing.assert_allclose(weight, expected, rtol=1e-6)


def test_names_are_those_of_keras():
    paths = []
    for optimizer in (
        FusedAdam(name="adam", **OPTIONS),
        keras.optimizers.Adam(name="adam", **OPTIONS),
    ):
        optimizer.build([keras.Variable(np.ones(2), name="w")])
        paths.append([variable.path for variable in optimizer.variables])
    assert paths[0] == paths[1]


def test_sparse_gradients_change_their_rows_alone():
    weight = keras.Variable(np.ones((3, 2), np.float32), name="w")
    rows = tf.IndexedSlices(tf.ones([1, 2]), tf.constant([1]), tf.constant([3, 2]))
    FusedAdam(learning_rate=0.1).apply([rows], [weight])
    np.testing.assert_allclose(weight, [[1, 1], [0.9, 0.9], [1, 1]], atol=1e-5)


def test_works_inside_a_function_and_under_xla():
    gradients = random_gradients()
    expected = trained(FusedAdam(**OPTIONS), gradients)
    weights = [keras.Variable(np.ones((3, 2), np.float32)), keras.Variable(np.full(4, -2.0, "f"))]
    optimizer = FusedAdam(**OPTIONS)
    optimizer.build(weights)

    @tf.function(jit_compile=True)
    def step(*gradients):
        optimizer.apply(list(gradients), weights)

    for gradient in gradients:
        step(*map(tf.constant, gradient))
    found = [np.array(variable) for variable in (*weights, *optimizer.variables)]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_configuration_round_trips():
    optimizer = FusedAdam(**OPTIONS)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
    assert isinstance(again, FusedAdam)
    assert again.get_config() == optimizer.get_config()
