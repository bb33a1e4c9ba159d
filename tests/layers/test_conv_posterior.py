from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfvma.errors import InvalidArgumentError
from tfvma.layers.conv_posterior import ConvPosterior
from tfvma.layers.conv_pyramid import ConvPyramid


@pytest.mark.parametrize("stride_first", [True, False])
def test_it_is_a_pyramid_over_the_concatenation(stride_first):
    """The sum of two convolutions is one of [x, m] whose kernels are stacked."""
    posterior = ConvPosterior(2, (3, 4, 5), stride_first, hidden_units=6)
    x, entry = tf.random.normal([4, 7, 7, 1]), tf.random.normal([4, 7, 7, 1])
    found = posterior(x, entry)

    whole = ConvPyramid((3, 4, 5), stride_first)
    whole.build((None, 7, 7, 2))
    x_kernel, bias = posterior.x_convolution.get_weights()
    (entry_kernel,) = posterior.entry_convolution.get_weights()
    rest = posterior.pyramid.get_weights()
    whole.set_weights([np.concatenate([x_kernel, entry_kernel], axis=2), bias, *rest])
    expected = posterior.head(whole(tf.concat([x, entry], axis=-1))[-1])
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_projections_are_shared_between_pairs():
    posterior = ConvPosterior(2, (3, 4), hidden_units=6)
    x, entries = tf.random.normal([3, 6, 6, 1]), tf.random.normal([2, 6, 6, 1])
    pairs = [(b, a) for b in range(3) for a in range(2)]
    rows, slots = (list(column) for column in zip(*pairs, strict=True))
    expected = posterior(tf.gather(x, rows), tf.gather(entries, slots))
    found = posterior.from_projection(
        tf.gather(posterior.project_x(x), rows) + tf.gather(posterior.project_entry(entries), slots)
    )
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_parameters_are_float32_in_mixed_precision():
    posterior = ConvPosterior(2, (3, 4), hidden_units=6, dtype="mixed_bfloat16")
    images = tf.random.normal([3, 6, 6, 1])
    assert all(part.dtype == tf.float32 for part in posterior(images, images))
    assert posterior.project_x(images).dtype == tf.bfloat16


def test_a_single_width_is_refused_as_what_it_is():
    message = r"^filters=\(4,\): expected a positive width per layer, 2 or more"
    with pytest.raises(InvalidArgumentError, match=message):
        ConvPosterior(2, filters=(4,))
