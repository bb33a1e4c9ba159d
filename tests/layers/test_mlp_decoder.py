from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfvma.layers.mlp_decoder import MLPDecoder
from tfvma.layers.mlp_encoder import MLPEncoder


def test_it_is_a_dense_layer_over_the_concatenation():
    decoder = MLPDecoder(4, 2, (5, 6))
    z, entry = tf.random.normal([3, 2]), tf.random.normal([3, 7])
    logits = decoder(z, [entry])

    (z_kernel,) = decoder.z_dense.get_weights()
    entry_kernel, bias = decoder.entry_dense.get_weights()
    whole = tf.concat([z, entry], axis=1)
    hidden = tf.nn.relu(whole @ np.concatenate([z_kernel, entry_kernel]) + bias)
    (second,) = decoder.hidden
    expected = tf.reshape(decoder.logits(second(hidden)), [3, 4, 4, 1])
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-6)


def test_the_condition_of_an_entry_serves_all_its_samples():
    decoder = MLPDecoder(4, 2, (5, 6))
    features = MLPEncoder((5, 4))(tf.random.normal([3, 4, 4, 1]))
    z, slot = tf.random.normal([5, 2]), [1, 1, 0, 2, 1]
    expected = decoder(z, [tf.gather(feature, slot) for feature in features])
    (condition,) = decoder.condition(features)
    assert condition.shape == (3, 5)
    found = decoder.from_condition(z, [tf.gather(condition, slot)])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_the_papers_widths_are_the_default():
    decoder = MLPDecoder()
    decoder.build((None, 32), [(None, 256), (None, 256), (None, 128)])
    shapes = [tuple(weight.shape) for weight in decoder.weights if weight.name == "kernel"]
    assert shapes == [(32, 128), (256, 128), (128, 256), (256, 784)]


def test_a_linear_path_adds_to_the_logits():
    decoder, without = MLPDecoder(4, 2, (5, 6), entry_to_logits=3.0), MLPDecoder(4, 2, (5, 6))
    z, entry = tf.random.normal([3, 2]), tf.random.normal([3, 16])
    decoder(z, [entry])
    without(z, [entry])
    *shared, kernel = decoder.get_weights()
    np.testing.assert_array_equal(kernel, 3.0 * np.eye(16))
    kernel = np.linspace(-1.0, 1.0, 256, dtype=np.float32).reshape(16, 16)
    decoder.set_weights([*shared, kernel])
    logits = decoder(z, [entry])
    without.set_weights(shared)
    expected = without(z, [entry]) + tf.reshape(entry @ kernel, [3, 4, 4, 1])
    np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-6)
    assert [part.shape for part in decoder.condition([entry])] == [(3, 5), (3, 16)]


def test_logits_are_float32_in_mixed_precision():
    decoder = MLPDecoder(4, 2, (5, 6), dtype="mixed_bfloat16")
    entry = tf.random.normal([3, 7])
    assert decoder(tf.random.normal([3, 2]), [entry]).dtype == tf.float32
    assert decoder.condition([entry])[0].dtype == tf.bfloat16
