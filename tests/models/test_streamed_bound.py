"""The bound from chunks is the bound from all samples at once."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfvma.models import streamed_bound as module
from tfvma.models.streamed_bound import streamed_bound

NUM_SAMPLES, BATCH = 7, 3


@pytest.mark.parametrize("at_once", [1, 2 * BATCH, NUM_SAMPLES * BATCH, 1_000])
def test_any_chunks_give_the_log_mean_of_the_weights_in_float64(monkeypatch, at_once):
    """Weights of -900 nats, whose mean underflows, and one sample a chunk where even the targets
    of one are more than a chunk takes."""
    monkeypatch.setattr(module, "DECODED_AT_ONCE", at_once)
    random = np.random.default_rng(0)
    log_weights = random.normal(-900.0, 5.0, [NUM_SAMPLES, BATCH]).astype(np.float32)
    log_px = random.normal(-80.0, 5.0, [NUM_SAMPLES, BATCH]).astype(np.float32)
    bound, reconstruction = tf.function(streamed_bound)(
        lambda samples: (tf.gather(log_weights, samples), tf.gather(log_px, samples)),
        tf.constant(NUM_SAMPLES),
        tf.constant(BATCH),
    )
    exact = np.log(np.mean(np.exp(np.float64(log_weights) + 900.0), axis=0)) - 900.0
    np.testing.assert_allclose(bound, exact, rtol=1e-6)
    np.testing.assert_allclose(reconstruction, np.mean(np.float64(log_px), axis=0), rtol=1e-6)
