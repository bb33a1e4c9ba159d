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
            " wake_wake_joint(addresses='stratified')",
            "WakeWake",
            {"latent": "wake", "addresses": "stratified"},
        ),
        ("wake_wake_stratified", "WakeWake", {"latent": "bound", "addresses": "stratified"}),
        (
            "nvil_stratified(momentum=0.5)",
            "Nvil",
            {
                "hidden_units": 100,
                "learning_rate": 1e-3,
                "momentum": 0.5,
                "addresses": "stratified",
            },
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
        ("", "estimator='': expected one of"),
        (("vimco",), r"estimator=\('vimco',\): expected a name or an instance"),
        (None, "estimator=None: expected a name or an instance"),
        ("ovis(gama=0.5)", r"no setting 'gama', expected one of gamma\."),
        ("reinforce(gamma=0.5)", r"no setting 'gamma', expected none\."),
        ("vimco_geometric(baseline='arithmetic')", "no setting 'baseline', expected none"),
        ("ovis(gamma='a')", "gamma='a': expected a number"),
        ("ovis(gamma=True)", "gamma=True: expected a number"),
        ("concrete(temperature=1e999)", "temperature=inf: expected a number"),
        ("exact_top_k(num_top=2.5)", "num_top=2.5: expected a whole number"),
        ("wake_wake(latent=1)", "latent=1: expected a quoted string"),
        ("ovis(gamma=2.0)", "gamma=2.0: expected a number from 0 to 1"),
        ("ovis(gamma=-0.5)", "gamma=-0.5: expected a number from 0 to 1"),
        ("concrete(temperature=0)", "temperature=0: expected more than 0"),
    ],
)
def test_what_is_wrong_is_named(text, message):
    with pytest.raises(InvalidArgumentError, match=message):
        estimators.get(text)


@pytest.mark.parametrize(
    "text",
    [
        "ovis(0.5)",
        "ovis(gamma=0.5",
        "ovis(gamma=0.5).get_config()",
        "ovis(gamma=open('f'))",
        "ovis(gamma={[]: 1})",
        "ovis(gamma=0.5, gamma=0.7)",
        "ovis(**{'gamma': 0.5})",
    ],
)
def test_another_form_is_refused(text):
    with pytest.raises(InvalidArgumentError, match="expected a name, or a name with settings such"):
        estimators.get(text)
