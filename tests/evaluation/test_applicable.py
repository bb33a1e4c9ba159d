"""What can be measured on which model."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tfvma.errors import InvalidArgumentError
from tfvma.evaluation.applicable import applicable, check_applicable
from tfvma.evaluation.protocols import choose_protocols

BOUNDS = ("few_shot", "confounders", "all_classes")
ACCURACIES = ("classification", "classification_iw")


def scorer(has_address: bool, takes_memory: bool) -> SimpleNamespace:
    return SimpleNamespace(has_address=has_address, takes_memory=takes_memory)


@pytest.mark.parametrize("name", [*BOUNDS, *ACCURACIES])
@pytest.mark.parametrize("has_address", [True, False])
@pytest.mark.parametrize("takes_memory", [True, False])
def test_bounds_are_for_all_and_accuracies_for_an_address_in_labelled_drawings(
    name, has_address, takes_memory
):
    model = scorer(has_address, takes_memory)
    protocols = choose_protocols(name)
    if name in BOUNDS or (has_address and takes_memory):
        assert applicable(protocols, model) == protocols
        check_applicable(protocols, model)
    else:
        assert applicable(protocols, model) == ()
        with pytest.raises(InvalidArgumentError, match=f"protocol='{name} 5-way 1-shot': expected"):
            check_applicable(protocols, model)


def test_recall_is_for_an_address_in_images():
    protocols = choose_protocols("recall")
    check_applicable(protocols, scorer(True, True))
    for has_address, takes_memory in ((False, True), (True, False), (False, False)):
        with pytest.raises(InvalidArgumentError, match="protocol='recall M=2048': expected"):
            check_applicable(protocols, scorer(has_address, takes_memory))


def test_a_class_is_unknown_to_an_address_in_drawings():
    protocols = choose_protocols("unknown_class")
    check_applicable(protocols, scorer(True, True))
    for has_address, takes_memory in ((False, True), (True, False), (False, False)):
        with pytest.raises(InvalidArgumentError, match="protocol='unknown_class C=8 S=4': expec"):
            check_applicable(protocols, scorer(has_address, takes_memory))


def test_all_takes_what_applies():
    protocols = choose_protocols("all")
    assert applicable(protocols, scorer(False, False)) == protocols[:1]
