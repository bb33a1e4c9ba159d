from __future__ import annotations

import dataclasses
import math

import pytest

from tfvma.config import check_config
from tfvma.errors import InvalidArgumentError
from tfvma.study.tasks import TASKS, Run, get_task, runs_of
from tfvma.study.variants import VARIANTS


@pytest.mark.parametrize("name", TASKS)
def test_every_run_of_a_task_can_be_configured(name):
    task = get_task(name)
    runs = runs_of(task, tuple(VARIANTS), task.seeds)
    for run in runs:
        check_config(run.config)
    assert len({run.name for run in runs}) == len(runs)


def test_runs_take_the_first_seed_first(task):
    runs = runs_of(task, ("vimco", "vimco_dreg"), (3, 1))
    assert [(run.estimator, run.seed) for run in runs] == [
        ("vimco", 3),
        ("vimco_dreg", 3),
        ("vimco", 1),
        ("vimco_dreg", 1),
    ]
    training = runs[1].config.training
    assert (training.estimator, training.latent_gradient) == ("vimco", "doubly_reparameterized")
    assert (training.seed, training.num_samples) == (3, task.config.training.num_samples)


def test_runs_of_several_k(task):
    several = dataclasses.replace(task, num_samples=(2, 8))
    runs = runs_of(several, ("vimco",), (0,))
    assert [run.name for run in runs] == ["vimco-k2-seed0", "vimco-k8-seed0"]
    assert [run.config.training.num_samples for run in runs] == [2, 8]
    assert Run(task, "vimco", 0, 2, 1e-3).name == "vimco-seed0"


def test_runs_of_several_learning_rates(task):
    rates = dataclasses.replace(task, learning_rates=(1e-3, 0.5))
    runs = runs_of(rates, ("vimco",), (0,))
    assert [run.name for run in runs] == ["vimco-rate0.001-seed0", "vimco-rate0.5-seed0"]
    assert [run.config.training.learning_rate for run in runs] == [1e-3, 0.5]


def test_an_estimator_has_its_own_learning_rate(task):
    own = dataclasses.replace(task, own_rates={"exact": 0.25})
    runs = runs_of(own, ("vimco", "exact"), (0,))
    common = task.config.training.learning_rate
    assert [run.config.training.learning_rate for run in runs] == [common, 0.25]


def test_the_goal_of_recall_is_a_lookup_table(task):
    assert get_task("recall256").goal == math.log(256)
    assert task.goal is None


@pytest.mark.parametrize("estimators", [(), ("vimco", "nonsense")])
def test_estimators_that_are_none(task, estimators):
    with pytest.raises(InvalidArgumentError, match="estimators="):
        runs_of(task, estimators, (0,))


def test_unknown_task():
    with pytest.raises(InvalidArgumentError, match="task='recall3': expected one of"):
        get_task("recall3")
