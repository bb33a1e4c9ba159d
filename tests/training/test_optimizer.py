from __future__ import annotations

import keras
import numpy as np
import pytest

from tfvma.config import TrainingConfig, replace_options
from tfvma.models.build import build_model
from tfvma.training.optimizer import averaged_weights, make_optimizer


def trained_model(ema_momentum: float) -> keras.Model:
    """One weight after three steps: Adam's first ones are as long as its rate."""
    model = keras.Sequential([keras.Input([1]), keras.layers.Dense(1, use_bias=False)])
    training = TrainingConfig(
        steps=100, learning_rate=1.0, schedule="constant", ema_momentum=ema_momentum
    )
    model.compile(make_optimizer(training))
    model.layers[0].kernel.assign([[10.0]])
    for _ in range(3):
        model.optimizer.apply([np.ones([1, 1], np.float32)], model.trainable_variables)
    return model


def test_average_is_there_within_the_block_alone():
    model = trained_model(ema_momentum=0.5)
    (weight,) = model.trainable_variables
    np.testing.assert_allclose(weight, 7.0, atol=1e-4)
    with pytest.raises(KeyError), averaged_weights(model):
        # 9, then 1/10 of it and 9/10 of 8, then 2/11 of that and 9/11 of 7.
        np.testing.assert_allclose(weight, 7.2, atol=1e-4)
        raise KeyError
    np.testing.assert_allclose(weight, 7.0, atol=1e-4)


def test_without_average_the_weights_stay():
    model = trained_model(ema_momentum=0.0)
    with averaged_weights(model):
        np.testing.assert_allclose(model.trainable_variables[0], 7.0, atol=1e-4)
    assert not model.optimizer.use_ema


LEARNED = {
    "episodes.kind": "images",
    "episodes.num_classes": 8,
    "episodes.targets_per_class": 4,
    "episodes.shots": 4,
    "model.memory_size": 5,
}
DENSE = {
    **LEARNED,
    "model.network": "mlp",
    "model.filters": (48, 48, 64, 64, 64, 64),
    "model.hidden_units": 256,
    "model.units": (6, 4),
}


@pytest.mark.parametrize("reloaded", [False, True])
@pytest.mark.parametrize("optimizer", ["adam", "muon"])
@pytest.mark.parametrize("model", [LEARNED, DENSE])
def test_decay_shrinks_kernels_alone(tiny, model, optimizer, reloaded):
    config = replace_options(
        tiny,
        {
            **model,
            "training.optimizer": optimizer,
            "training.weight_decay": 0.5,
            "training.learning_rate": 0.2,
            "training.learning_rate_warmup": 0,
        },
    )
    weights = build_model(config).trainable_variables
    rule = make_optimizer(config.training)
    if reloaded:
        rule = keras.optimizers.deserialize(keras.optimizers.serialize(rule))
    for weight in weights:
        weight.assign(np.ones(weight.shape))
    rule.apply([np.zeros(weight.shape, np.float32) for weight in weights], weights)
    for weight in weights:
        expected = 0.9 if weight.path.endswith("/kernel") else 1.0
        np.testing.assert_allclose(weight, expected, atol=1e-6, err_msg=weight.path)
