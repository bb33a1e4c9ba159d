"""Estimators from text, with and without settings."""

from __future__ import annotations

import pytest

from tfvma import estimators
from tfvma.errors import InvalidArgumentError
from tfvma.estimators import ExactTopK


@pytest.mark.parametrize("name", estimators.NAMES)
def test_without_settings_a_name_has_its_defaults(name):
    found, empty = estimators.get(name), estimators.get(f"{name}()")
    assert type(empty) is type(found)
    assert empty.get_config() == found.get_config()


@pytest.mark.parametrize(
    ("text", "kind", "config"),
    [
        ("ovis(gamma=0.5)", "Ovis", {"gamma": 0.5}),
        ("ovis(gamma=0)", "Ovis", {"gamma": 0}),
        ("exact_top_k( num_top = 3 )", "ExactTopK", {"num_top": 3}),
        (
            "concrete(temperature=2.0, final_temperature=1e-1)",
            "Concrete",
            {"temperature": 2.0, "final_temperature": 0.1, "decay_steps": 5_000},
        ),
        (
            "wake_wake_joint(addresses='stratified')",
            "WakeWake",
            {"latent": "wake", "addresses": "stratified"},
        ),
    ],
)
def test_settings_go_with_the_name(text, kind, config):
    estimator = estimators.get(text)
    assert type(estimator).__name__ == kind
    assert estimator.get_config() == config


def test_an_instance_is_itself():
    estimator = ExactTopK(num_top=3)
    assert estimators.get(estimator) is estimator


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vimca", "estimator='vimca': expected one of .*'vimco'"),
        ("vimca(baseline='geometric')", "estimator='vimca': expected one of .*'vimco'"),
        ("ovis(gama=0.5)", r"no setting 'gama', expected one of gamma\."),
        ("reinforce(gamma=0.5)", r"no setting 'gamma', expected none\."),
        ("ovis(**{'gamma': 0.5})", "no setting None"),
        ("ovis(gamma='a')", "gamma='a', expected float"),
        ("ovis(gamma=True)", "gamma=True, expected float"),
        ("exact_top_k(num_top=2.5)", "num_top=2.5, expected int"),
        ("wake_wake(latent=1)", "latent=1, expected str"),
        ("ovis(0.5)", "expected a name, or a name with settings such as"),
        ("ovis(gamma=0.5", "expected a name, or a name with settings such as"),
        ("ovis(gamma=0.5).get_config()", "expected a name, or a name with settings such as"),
        ("ovis(gamma=open('f'))", "expected a name, or a name with settings such as"),
        ("ovis(gamma=2.0)", "gamma=2.0: expected a number from 0 to 1"),
        ("concrete(temperature=0)", "temperature=0: expected more than 0"),
        ("", "estimator='': expected one of"),
    ],
)
def test_bad_text_is_one_clear_error(text, message):
    with pytest.raises(InvalidArgumentError, match=message):
        estimators.get(text)
