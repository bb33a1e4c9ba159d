from __future__ import annotations

import keras
import numpy as np
import pytest

from tfvma.errors import InvalidArgumentError
from tfvma.training.learning_rate import WarmupSchedule


def rates(schedule: WarmupSchedule, steps: list[int]) -> list[float]:
    return [float(schedule(step)) for step in steps]


def test_constant():
    assert rates(WarmupSchedule(0.5, steps=10), [0, 5, 10, 99]) == [0.5] * 4


def test_cosine_falls_to_zero_and_stays_there():
    schedule = WarmupSchedule(2.0, steps=100, schedule="cosine")
    expected = [1.0 + np.cos(np.pi * min(t / 100, 1.0)) for t in (0, 25, 50, 100, 150)]
    np.testing.assert_allclose(rates(schedule, [0, 25, 50, 100, 150]), expected, atol=1e-6)


def test_warmup_is_linear_and_starts_above_zero():
    schedule = WarmupSchedule(1.0, steps=100, warmup=4)
    np.testing.assert_allclose(rates(schedule, [0, 1, 3, 4, 50]), [0.25, 0.5, 1.0, 1.0, 1.0])


def test_optimizer_with_it_can_be_serialized():
    optimizer = keras.optimizers.Adam(WarmupSchedule(0.1, steps=9, schedule="cosine", warmup=3))
    copy = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert isinstance(copy._learning_rate, WarmupSchedule)
    assert copy._learning_rate.get_config() == optimizer._learning_rate.get_config()


def test_unknown_schedule():
    with pytest.raises(InvalidArgumentError, match="schedule='linear': expected one of"):
        WarmupSchedule(0.1, steps=9, schedule="linear")
