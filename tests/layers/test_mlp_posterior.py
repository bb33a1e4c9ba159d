from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfvma.errors import InvalidArgumentError
from tfvma.layers.mlp_posterior import MLPPosterior


def test_it_is_a_dense_layer_over_the_concatenation():
    posterior = MLPPosterior(2, (6, 5))
    x, entry = tf.random.normal([4, 3, 3, 1]), tf.random.normal([4, 7])
    found = posterior(x, entry)

    x_kernel, bias = posterior.x_dense.get_weights()
    (entry_kernel,) = posterior.entry_dense.get_weights()
    whole = tf.concat([tf.reshape(x, [4, 9]), entry], axis=1)
    hidden = tf.nn.relu(whole @ np.concatenate([x_kernel, entry_kernel]) + bias)
    for one, other in zip(found, posterior.head(hidden), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_projections_are_shared_between_pairs():
    posterior = MLPPosterior(2, (6, 5))
    x, entries = tf.random.normal([3, 9]), tf.random.normal([2, 7])
    rows, slots = [0, 0, 1, 2, 2], [0, 1, 1, 0, 1]
    expected = posterior(tf.gather(x, rows), tf.gather(entries, slots))
    found = posterior.from_projection(
        tf.gather(posterior.project_x(x), rows) + tf.gather(posterior.project_entry(entries), slots)
    )
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_the_papers_widths_are_the_default():
    posterior = MLPPosterior()
    posterior.build((None, 28, 28, 1), (None, 256))
    shapes = [tuple(weight.shape) for weight in posterior.weights if weight.name == "kernel"]
    assert shapes == [(784, 256), (256, 256), (256, 128), (128, 64)]


def test_parameters_are_float32_in_mixed_precision():
    posterior = MLPPosterior(2, (6, 5), dtype="mixed_bfloat16")
    parameters = posterior(tf.random.normal([3, 9]), tf.random.normal([3, 7]))
    assert all(part.dtype == tf.float32 for part in parameters)


@pytest.mark.parametrize("units", [(8,), (8, 8, 8)])
def test_there_are_two_layers(units):
    with pytest.raises(InvalidArgumentError, match="units=.*expected two widths"):
        MLPPosterior(2, units)
