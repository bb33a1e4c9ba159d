from __future__ import annotations

from types import SimpleNamespace

import pytest
import tensorflow as tf

from tfvma import estimators
from tfvma.config import replace_options
from tfvma.data.indices import Share
from tfvma.errors import InvalidArgumentError
from tfvma.estimators import Nvil, Vimco
from tfvma.training.strategies import (
    check_divides,
    check_learns_alone,
    is_chief,
    make_strategy,
    share_of,
)


def test_none_is_one_device_which_writes():
    strategy = make_strategy("none")
    assert strategy.num_replicas_in_sync == 1
    assert is_chief(strategy)


@pytest.mark.parametrize(
    ("name", "replicas", "message"),
    [
        ("both", None, "strategy='both': expected one of"),
        ("none", 2, "replicas=2 with strategy='none': expected strategy='mirrored'"),
        ("multiworker", 2, "replicas=2 with strategy='multiworker'"),
        ("mirrored", 0, "replicas=0: expected at least 1"),
    ],
)
def test_what_makes_no_sense_is_refused(name, replicas, message):
    with pytest.raises(InvalidArgumentError, match=message):
        make_strategy(name, replicas)


def test_without_gpus_mirrored_asks_for_a_number(monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    with pytest.raises(InvalidArgumentError, match=r"expected GPUs, found none\. replicas=N"):
        make_strategy("mirrored")


def test_more_replicas_than_gpus(monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["first", "second"])
    with pytest.raises(InvalidArgumentError, match="replicas=3: expected at most 2"):
        make_strategy("mirrored", 3)


def test_replicas_divide_the_episodes_of_a_step(tiny):
    strategy = SimpleNamespace(num_replicas_in_sync=2)
    check_divides(replace_options(tiny, {"training.episodes_per_step": 4}), strategy)
    with pytest.raises(
        InvalidArgumentError, match=r"training\.episodes_per_step=3: expected a multiple of 2"
    ):
        check_divides(replace_options(tiny, {"training.episodes_per_step": 3}), strategy)


def test_baselines_learn_in_one_place():
    one, two = SimpleNamespace(num_replicas_in_sync=1), SimpleNamespace(num_replicas_in_sync=2)
    check_learns_alone(Nvil(), one)
    check_learns_alone(Vimco(), two)
    with pytest.raises(InvalidArgumentError, match=r"training\.estimator: Nvil learns .* 'vimco'"):
        check_learns_alone(Nvil(), two)


@pytest.mark.parametrize("name", estimators.NAMES)
def test_estimators_that_learn_are_those_with_variables(name):
    estimator = estimators.get(name)
    estimator.build((2, 2, 1))
    assert estimator.learns == bool(estimator.variables)


def test_a_worker_draws_the_episodes_of_its_replicas(tiny):
    config = replace_options(tiny, {"training.episodes_per_step": 8})
    context = tf.distribute.InputContext(
        num_input_pipelines=2, input_pipeline_id=1, num_replicas_in_sync=4
    )
    assert share_of(config, context) == Share(index=1, of=2, length=4)
