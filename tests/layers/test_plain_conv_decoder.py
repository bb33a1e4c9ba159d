from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfvma.layers.conv_decoder import ConvDecoder
from tfvma.layers.conv_pyramid import ConvPyramid
from tfvma.layers.plain_conv_decoder import PlainConvDecoder

FILTERS = (2, 3, 4)


@pytest.mark.parametrize("stride_first", [True, False])
@pytest.mark.parametrize("image_size", [5, 8, 26])
def test_logits_have_the_size_of_the_image(image_size, stride_first):
    decoder = PlainConvDecoder(image_size, 2, FILTERS, stride_first)
    logits = decoder(tf.random.normal([3, 2]))
    assert logits.shape == (3, image_size, image_size, 1)
    assert logits.dtype == tf.float32


def test_it_is_the_conditional_decoder_with_nothing_to_read():
    """Zero features leave that one its biases alone."""
    plain, conditional = PlainConvDecoder(8, 2, FILTERS), ConvDecoder(8, 2, FILTERS)
    nothing = tf.nest.map_structure(tf.zeros_like, ConvPyramid(FILTERS)(tf.zeros([3, 8, 8, 1])))
    z = tf.random.normal([3, 2])
    plain(z), conditional(z, nothing)
    conditional.z_dense.kernel.assign(plain.z_dense.kernel)
    conditional.summary_dense.bias.assign(tf.random.normal([conditional.top_units]))
    plain.z_dense.bias.assign(conditional.summary_dense.bias)
    for upscale, other, skip in zip(
        plain.upscales, conditional.upscales, conditional.skips, strict=True
    ):
        other.kernel.assign(upscale.kernel)
        skip.bias.assign(tf.random.normal(skip.bias.shape))
        upscale.bias.assign(skip.bias)
    np.testing.assert_allclose(plain(z), conditional(z, nothing), rtol=1e-5, atol=1e-6)


def test_logits_are_float32_in_mixed_precision():
    decoder = PlainConvDecoder(8, 2, FILTERS, dtype="mixed_bfloat16")
    assert decoder(tf.random.normal([3, 2])).dtype == tf.float32
