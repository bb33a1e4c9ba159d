from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfvma.layers.mlp_decoder import MLPDecoder
from tfvma.layers.plain_mlp_decoder import PlainMLPDecoder


def test_it_is_the_conditional_decoder_with_nothing_to_read():
    """A zero entry leaves that one its bias alone."""
    plain, conditional = PlainMLPDecoder(4, 2, (5, 6)), MLPDecoder(4, 2, (5, 6))
    z, nothing = tf.random.normal([3, 2]), [tf.zeros([3, 7])]
    plain(z), conditional(z, nothing)
    first, *others = plain.hidden
    first.set_weights([conditional.z_dense.kernel, tf.random.normal([5])])
    conditional.entry_dense.bias.assign(first.bias)
    for layer, other in zip(
        (*others, plain.logits), (*conditional.hidden, conditional.logits), strict=True
    ):
        layer.set_weights(other.get_weights())
    np.testing.assert_allclose(plain(z), conditional(z, nothing), rtol=1e-5, atol=1e-6)


def test_logits_are_float32_in_mixed_precision():
    decoder = PlainMLPDecoder(4, 2, (5, 6), dtype="mixed_bfloat16")
    assert decoder(tf.random.normal([3, 2])).dtype == tf.float32
