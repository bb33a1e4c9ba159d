"""The baseline is the same network: with the same weights it gives the same densities."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from benchmarks.straightforward import Straightforward
from tfvma.config import Config, ModelConfig, TrainingConfig
from tfvma.models.build import build_model
from tfvma.models.vma import VariationalMemoryAddressing

TARGETS, MEMORY_SIZE, SAMPLES = 3, 4, 2


def randomize(model: keras.Model) -> None:
    """Gives the biases values that matter, too."""
    random = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(random.normal(0.0, 0.2, variable.shape))


def copy_weights(model: VariationalMemoryAddressing, plain: Straightforward) -> None:
    addressing, posterior, decoder = model.addressing, model.posterior, model.decoder
    plain.key_embedding.set_weights(addressing.key_embedding.get_weights())
    plain.query_embedding.set_weights(addressing.query_embedding.get_weights())
    plain.prior_query.assign(addressing.prior_query)
    plain.entry_encoder.set_weights(model.entry_encoder.get_weights())
    plain.prior_head.set_weights(model.prior_head.get_weights())

    kernel_x, bias = posterior.x_convolution.get_weights()
    (kernel_entry,) = posterior.entry_convolution.get_weights()
    plain.posterior.set_weights(
        [
            np.concatenate([kernel_x, kernel_entry], axis=2),
            bias,
            *posterior.pyramid.get_weights(),
            *posterior.head.get_weights(),
        ]
    )

    summary_kernel, summary_bias = decoder.summary_dense.get_weights()
    weights = [
        *decoder.summary_hidden.get_weights(),
        *decoder.summary.get_weights(),
        np.concatenate([*decoder.z_dense.get_weights(), summary_kernel]),
        summary_bias,
    ]
    for upscale, skip in zip(decoder.upscales, decoder.skips, strict=True):
        skip_kernel, skip_bias = skip.get_weights()
        weights.append(np.concatenate([*upscale.get_weights(), skip_kernel], axis=3))
        weights.append(skip_bias)
    plain.decoder.set_weights([*weights, *decoder.image_skip.get_weights()])


@pytest.mark.parametrize("stride_first", [True, False])
def test_same_densities(stride_first):
    config = ModelConfig(
        image_size=13,
        filters=(3, 4, 5, 6),
        stride_first=stride_first,
        hidden_units=7,
        latent_dim=2,
        key_dim=3,
    )
    model = build_model(Config("small", model=config, training=TrainingConfig(num_samples=SAMPLES)))
    plain = Straightforward(config, SAMPLES)
    randomize(model)
    copy_weights(model, plain)
    assert plain.count_params() == model.count_params()

    random = np.random.default_rng(1)
    x, memory = (
        tf.constant(random.integers(0, 2, (count, 13, 13, 1)), tf.float32)
        for count in (TARGETS, MEMORY_SIZE)
    )
    seeds = [(0, 1), (2, 3)]
    ours = model.infer(x, memory, SAMPLES, seeds).densities
    for name, value in plain.log_densities(x, memory, seeds)._asdict().items():
        np.testing.assert_allclose(value, getattr(ours, name), rtol=1e-5, atol=1e-5, err_msg=name)
