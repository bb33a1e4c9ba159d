"""Settings of protocols: defaults, rounding, ranges."""

from __future__ import annotations

import pytest

from tfvma.errors import InvalidArgumentError
from tfvma.evaluation.paper import paper_note, paper_value
from tfvma.evaluation.protocols import (
    AllClasses,
    AllClassesShots,
    Classification,
    FewShot,
    ImportanceClassification,
    all_classes_shots,
    choose_protocols,
    confounders,
    importance_classifications,
)


def test_few_shot_defaults_are_the_papers_with_at_least_2000_targets():
    protocol = FewShot()
    assert protocol.name == "few_shot C=8 S=4"
    assert protocol.num_samples == (4, 1000)
    assert protocol.num_episodes * protocol.num_classes * protocol.targets_per_class == 2048


@pytest.mark.parametrize(("targets", "episodes"), [(2000, 63), (2016, 63), (2017, 64), (1, 2)])
def test_targets_are_rounded_up_to_whole_episodes(targets, episodes):
    assert FewShot(targets=targets).num_episodes == episodes


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_classes": 0}, "num_classes=0: expected at least 1"),
        ({"shots": -1}, "shots=-1: expected at least 1"),
        ({"targets": 0}, "targets=0: expected at least 1"),
        ({"num_samples": (4, 0)}, "num_samples=0: expected a K of 1 to 5000"),
        ({"num_samples": (5001,)}, "num_samples=5001: expected a K of 1 to 5000"),
        ({"num_samples": ()}, "num_samples=(): expected at least one"),
    ],
)
def test_few_shot_settings_out_of_range(settings, message):
    with pytest.raises(InvalidArgumentError) as error:
        FewShot(**settings)
    assert message in str(error.value)


def test_classification_needs_two_episodes():
    with pytest.raises(InvalidArgumentError, match="episodes=1: expected at least 2"):
        Classification(5, 1, num_episodes=1)


def test_all_is_both():
    protocols = choose_protocols("all", {"shots": 1, "num_episodes": 10})
    assert protocols[0] == FewShot(shots=1)
    assert [protocol.name for protocol in protocols[1:]] == [
        "classification 5-way 1-shot",
        "classification 5-way 5-shot",
        "classification 20-way 1-shot",
        "classification 20-way 5-shot",
    ]
    assert choose_protocols("few_shot", {"shots": 1}) == protocols[:1]
    assert choose_protocols("classification", {"num_episodes": 10}) == protocols[1:]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"shots": 0}, "shots=0: expected at least 1"),
        ({"rotations": 0}, "rotations=0: expected at least 1"),
        ({"num_samples": (5001,)}, "num_samples=5001: expected a K of 1 to 5000"),
    ],
)
def test_all_classes_settings_out_of_range(settings, message):
    with pytest.raises(InvalidArgumentError) as error:
        AllClasses(**settings)
    assert message in str(error.value)


def test_all_classes_is_only_run_when_asked_for():
    (protocol,) = choose_protocols("all_classes")
    assert protocol == AllClasses(shots=18, num_samples=(4, 1000), rotations=None)
    assert protocol.name == "all_classes S=18"
    assert AllClasses(rotations=1).name == "all_classes S=18 rotations=1"
    assert choose_protocols("all_classes", {"shots": 3}) == (AllClasses(shots=3),)
    assert protocol not in choose_protocols("all")
    assert paper_value(protocol, "omniglot26", "test", "nll") is None
    assert paper_note(protocol, "omniglot26", "test", "nll") == ""


def test_all_classes_with_more_and_more_examples():
    protocols = choose_protocols("all_classes_shots")
    assert [protocol.shots for protocol in protocols] == [1, 2, 4, 8, 12, 16, 18]
    assert {(p.num_samples, p.rotations, p.targets_per_class) for p in protocols} == {
        ((4,), None, 2)
    }
    # Names of their own: a row of all_classes is not replaced by one of these.
    assert protocols[-1].name == "all_classes_shots S=18"
    (first, *_) = all_classes_shots((7,), rotations=3)
    assert first == AllClassesShots(1, (7,), 3)
    assert first.name == "all_classes_shots S=1 rotations=3"
    with pytest.raises(InvalidArgumentError, match="targets_per_class=0: expected at least 1"):
        AllClassesShots(targets_per_class=0)


def test_confounders_are_few_shot_with_more_and_more_characters():
    protocols = choose_protocols("confounders")
    assert [protocol.num_classes for protocol in protocols] == [1, 2, 4, 8, 16, 32, 64, 144]
    assert {(protocol.shots, protocol.num_samples) for protocol in protocols} == {(4, (4,))}
    assert all(isinstance(protocol, FewShot) for protocol in protocols)
    # Of each of 144 characters 16 drawings, 4 at a time.
    assert {protocol.num_targets for protocol in protocols} == {144 * 16}
    # Names of their own: a row of few_shot is not replaced by one of these.
    assert protocols[3].name == "confounders C=8 S=4"
    (first, *_) = confounders(shots=2, targets=9, num_samples=(7,))
    assert (first.shots, first.targets, first.num_samples) == (2, 9, (7,))


@pytest.mark.parametrize("name", ["classification", "classification_iw"])
def test_settings_of_classification(name):
    assert [(p.ways, p.shots, p.num_episodes) for p in choose_protocols(name)] == [
        (5, 1, 1_000),
        (5, 5, 1_000),
        (20, 1, 1_000),
        (20, 5, 1_000),
    ]
    given = {"ways": 7, "shots": 3, "num_episodes": 4}
    (only,) = choose_protocols(name, given)
    assert (only.ways, only.shots, only.num_episodes) == (7, 3, 4)
    assert only.name == f"{name} 7-way 3-shot"
    assert [(p.ways, p.shots) for p in choose_protocols(name, {"ways": 7})] == [(7, 1), (7, 5)]
    assert [(p.ways, p.shots) for p in choose_protocols(name, {"shots": 3})] == [(5, 3), (20, 3)]
    for wrong, message in (
        ({"num_episodes": 1}, "episodes=1: expected at least 2"),
        ({"ways": 0}, "ways=0: expected at least 1"),
        ({"shots": 0}, "shots=0: expected at least 1"),
    ):
        with pytest.raises(InvalidArgumentError, match=message):
            choose_protocols(name, wrong)


def test_samples_of_importance_weighted_classification():
    assert {p.num_samples for p in choose_protocols("classification_iw")} == {(10,)}
    assert {p.num_samples for p in importance_classifications(7, (3, 4))} == {(3, 4)}
    with pytest.raises(InvalidArgumentError, match="num_samples=0: expected a K of 1"):
        ImportanceClassification(5, 1, num_samples=(0,))


def test_unknown_protocol():
    with pytest.raises(InvalidArgumentError, match="protocol='nonsense': expected one of"):
        choose_protocols("nonsense")


def test_paper_prints_accuracies_for_omniglot_alone():
    printed = [
        paper_value(protocol, "omniglot26", "test", "accuracy")
        for protocol in choose_protocols("classification")
    ]
    assert printed == [0.91, 0.97, 0.77, 0.90]
    assert paper_value(Classification(5, 1), "strokes", "test", "accuracy") is None
    assert paper_value(Classification(5, 1), "omniglot26", "train", "accuracy") is None
    assert paper_value(Classification(7, 1), "omniglot26", "test", "accuracy") is None


def test_paper_prints_a_range_but_no_figure_for_a_number_of_shots():
    assert paper_value(FewShot(), "omniglot26", "test", "nll") is None
    assert "75.1 to 69.1" in paper_note(FewShot(), "omniglot26", "test", "nll")
    assert paper_note(FewShot(), "strokes", "test", "nll") == ""
    assert paper_note(FewShot(num_classes=2), "omniglot26", "test", "nll") == ""


def test_paper_prints_no_accuracy_of_importance_weights():
    weighted = ImportanceClassification(5, 1, num_episodes=10)
    assert paper_value(weighted, "omniglot26", "test", "accuracy_iw") is None
    assert "q(a|x) alone" in paper_note(weighted, "omniglot26", "test", "accuracy_iw")
