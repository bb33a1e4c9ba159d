from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from benchmarks.straightforward_soft import StraightforwardSoft
from tests.models.tiny_latent import TARGETS, images, tiny_model


@pytest.mark.parametrize("slots", [3, 9])
def test_it_is_the_same_function_of_the_same_weights(slots):
    model = tiny_model("soft_attention")
    straightforward = StraightforwardSoft.from_config(model.get_config())
    straightforward.set_weights(model.get_weights())
    x, memory, seed = images(TARGETS, 0), images(slots, 100), tf.constant([1, 2])
    expected = model.infer(x, memory, 1, seed)
    found = straightforward.infer(x, memory, 1, seed)
    np.testing.assert_allclose(found.densities.log_px, expected.densities.log_px, rtol=1e-5)
