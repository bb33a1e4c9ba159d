from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfvma.errors import InvalidArgumentError
from tfvma.layers.conv_decoder import ConvDecoder, Upscale
from tfvma.layers.conv_pyramid import ConvPyramid

FILTERS = (2, 3, 4)


@pytest.mark.parametrize(("size", "stride"), [(7, 1), (7, 2), (8, 2), (13, 2)])
def test_upscale_is_the_transpose_of_a_convolution(size, stride):
    """<conv(y), h> = <y, upscale(h)> for every y and h, odd sizes too."""
    layer = Upscale(2, size, stride, use_bias=False)
    image = tf.random.normal([3, size, size, 2])
    small = -(-size // stride)
    hidden = tf.random.normal([3, small, small, 4])
    upscaled = layer(hidden)
    convolved = tf.nn.conv2d(image, layer.kernel.value, stride, "SAME")
    np.testing.assert_allclose(
        tf.reduce_sum(convolved * hidden), tf.reduce_sum(image * upscaled), rtol=1e-3, atol=1e-3
    )


def test_upscale_has_a_bias_where_it_is_asked_for():
    with_bias, without = Upscale(2, 4, 2), Upscale(2, 4, 2, use_bias=False)
    for layer in (with_bias, without):
        layer.build((None, 2, 2, 3))
    with_bias.bias.assign([1.0, -1.0])
    np.testing.assert_array_equal(with_bias(tf.zeros([1, 2, 2, 3]))[0, 0, 0], [1.0, -1.0])
    assert len(without.weights) == 1


def test_a_sum_is_a_convolution_of_the_concatenation():
    hidden, skip = tf.random.normal([2, 4, 4, 3]), tf.random.normal([2, 4, 4, 5])
    of_hidden, of_skip = Upscale(2, 7, 2), Upscale(2, 7, 2, use_bias=False)
    found = of_hidden(hidden) + of_skip(skip)

    whole = Upscale(2, 7, 2)
    whole.build((None, 4, 4, 8))
    kernel, bias = of_hidden.get_weights()
    whole.set_weights([np.concatenate([kernel, *of_skip.get_weights()], axis=3), bias])
    expected = whole(tf.concat([hidden, skip], axis=-1))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def decoder_and_features(image_size: int, stride_first: bool = True, num_entries: int = 3):
    pyramid = ConvPyramid(FILTERS, stride_first)
    features = pyramid(tf.random.normal([num_entries, image_size, image_size, 1]))
    return ConvDecoder(image_size, 2, FILTERS, stride_first, hidden_units=5), features


@pytest.mark.parametrize("stride_first", [True, False])
@pytest.mark.parametrize("image_size", [5, 8, 26])
def test_logits_have_the_size_of_the_image(image_size, stride_first):
    decoder, features = decoder_and_features(image_size, stride_first)
    logits = decoder(tf.random.normal([3, 2]), features)
    assert logits.shape == (3, image_size, image_size, 1)
    assert logits.dtype == tf.float32


def test_the_condition_of_an_entry_serves_all_its_samples():
    decoder, features = decoder_and_features(8)
    z, slot = tf.random.normal([5, 2]), [1, 1, 0, 2, 1]
    expected = decoder(z, [tf.gather(feature, slot) for feature in features])
    condition = decoder.condition(features)
    assert all(part.shape[0] == 3 for part in condition)
    found = decoder.from_condition(z, [tf.gather(part, slot) for part in condition])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_the_condition_of_a_mean_is_the_mean_of_the_conditions():
    decoder, features = decoder_and_features(8)
    decoder.build((None, 2), [feature.shape for feature in features])
    for skip in decoder.skips:
        skip.bias.assign(tf.random.normal(skip.bias.shape))
    weights = tf.constant([[0.2, 0.3, 0.5], [0.9, 0.1, 0.0]])

    def mean(parts):
        return [tf.tensordot(weights, part, axes=1) for part in parts]

    contents = decoder.contents(features)
    found = decoder.condition_from_contents(mean(contents))
    expected = mean(decoder.condition_from_contents(contents))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("summands", [1, 2])
def test_summands_share_the_variance(summands):
    layer = Upscale(64, 8, 2, summands=summands)
    layer.build((None, 4, 4, 64))
    # 9 / 4 taps of 64 maps reach a pixel, and a ReLU halves the power.
    expected = 2.0 / (9 / 4 * 64) / summands
    assert np.var(layer.kernel.numpy()) == pytest.approx(expected, rel=0.05)


def test_every_scale_of_the_entry_and_z_reach_the_pixels():
    decoder, features = decoder_and_features(8)
    z = tf.random.normal([3, 2])
    with tf.GradientTape() as tape:
        tape.watch([z, features])
        total = tf.reduce_sum(tf.square(decoder(z, features)))
    for gradient in tf.nest.flatten(tape.gradient(total, [z, features])):
        assert np.any(gradient != 0.0)


def test_every_weight_has_a_say():
    # Wide enough that no layer is dead where it starts.
    filters = (8, 8, 8)
    features = ConvPyramid(filters)(tf.random.normal([16, 8, 8, 1]))
    decoder = ConvDecoder(8, 2, filters, hidden_units=16)
    z = tf.random.normal([16, 2])
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(tf.square(decoder(z, features)))
    gradients = tape.gradient(total, [weight.value for weight in decoder.trainable_weights])
    silent = [
        weight.path
        for weight, gradient in zip(decoder.trainable_weights, gradients, strict=True)
        if gradient is None or not np.any(gradient)
    ]
    assert silent == []


def test_logits_are_float32_in_mixed_precision():
    decoder = ConvDecoder(8, 2, FILTERS, hidden_units=5, dtype="mixed_bfloat16")
    features = ConvPyramid(FILTERS, dtype="mixed_bfloat16")(tf.random.normal([3, 8, 8, 1]))
    assert decoder(tf.random.normal([3, 2]), features).dtype == tf.float32
    assert all(part.dtype == tf.bfloat16 for part in decoder.condition(features))


@pytest.mark.parametrize("options", [{"stride_first": False}, {"filters": (2, 3)}, {"size": 10}])
def test_features_of_another_pyramid_are_refused(options):
    given = {"stride_first": True, "filters": FILTERS, "size": 8, **options}
    images = tf.zeros([1, given["size"], given["size"], 1])
    features = ConvPyramid(given["filters"], given["stride_first"])(images)
    expected = (
        r"features of shapes .*: expected \[\(8, 8, 1\), \(4, 4, 2\), \(4, 4, 3\), \(2, 2, 4\)"
    )
    with pytest.raises(InvalidArgumentError, match=expected):
        ConvDecoder(8, 2, FILTERS)(tf.zeros([1, 2]), features)


def test_upscale_refuses_what_it_cannot_make_its_size_of():
    with pytest.raises(InvalidArgumentError, match="stride=3: expected one of 1, 2"):
        Upscale(2, 9, 3)
    message = r"features of shape \(1, 3, 3, 2\): expected 4x4, which a stride of 2 makes 7x7"
    with pytest.raises(InvalidArgumentError, match=message):
        Upscale(2, 7, 2)(tf.zeros([1, 3, 3, 2]))
