"""Figures over all models take the rows that they say, and nothing else."""

from __future__ import annotations

import dataclasses
import json
import types

import pytest

from tests.evaluation.zoo_folder import (
    add_model,
    all_classes_rows,
    confounder_rows,
    few_shot_rows,
    row,
)
from tfvma.config import Config, EpisodeConfig, replace_options, to_dict
from tfvma.evaluation import log_illustration
from tfvma.evaluation.paper import SHOTS_RANGES
from tfvma.evaluation.zoo import read_zoo
from tfvma.evaluation.zoo_figures import illustrate_zoo, main
from tfvma.figures import learning_curves
from tfvma.training.provenance import Training, write_training


@pytest.fixture
def savedmodels(tmp_path):
    folder = tmp_path / "savedmodels"
    vae = row("few_shot C=8 S=4", "nll", 83.5, 4, paper=90.8)
    add_model(folder, "omniglot26_vae", [vae], family="vae")
    own = [*few_shot_rows(1), *few_shot_rows(4), *all_classes_rows({1: 90.0, 18: 80.0})]
    add_model(folder, "omniglot26_vma_1shot", own)
    # In two turns and in all: the one with more targets is taken.
    turns = row("all_classes_shots S=18 rotations=2", "nll", 60.0, 4, targets=576)
    add_model(
        folder,
        "omniglot26_vma_8shot",
        [*few_shot_rows(8), *all_classes_rows({1: 95.0, 18: 70.0}), turns],
    )
    add_model(folder, "omniglot26_vma_16shot", few_shot_rows(8))
    add_model(folder, "omniglot26_control", few_shot_rows(4))
    return folder


@pytest.fixture
def given(monkeypatch) -> dict:
    """What the figures are given, by their names."""
    from tfvma.figures import all_characters, confounders, controls, examples_per_class

    seen = {}

    def watch(module, name):
        draw = getattr(module, name)

        def watched(*values):
            seen[name] = values
            return draw(*values)

        monkeypatch.setattr(module, name, watched)

    watch(all_characters, "all_characters")
    watch(examples_per_class, "examples_per_class")
    watch(confounders, "confounders")
    watch(controls, "controls")
    return seen


def test_each_model_stands_at_the_shots_that_it_was_trained_and_scored_with(savedmodels, given):
    illustrations = illustrate_zoo(read_zoo(savedmodels))
    assert [each.name for each in illustrations] == ["examples_per_class", "all_characters"]
    measured, paper, num_samples = given["examples_per_class"]
    assert (paper, num_samples) == (SHOTS_RANGES, 4)
    # That of 16 was scored with 8 alone, and that of 1 with 4 besides.
    assert measured == {
        shots: {
            "nll": (80.0 + shots, 0.5),
            "reconstruction": (-60.0 + shots, 0.5),
            "kl_z": (20.0 + shots, 0.5),
            "kl_a": (2.0 + shots, 0.5),
        }
        for shots in (1, 8)
    }


def test_curves_of_all_characters_with_the_vae(savedmodels, given):
    illustrate_zoo(read_zoo(savedmodels))
    curves, baseline, printed, num_samples = given["all_characters"]
    assert curves == {
        1: {1: (90.0, 0.5), 18: (80.0, 0.5)},
        8: {1: (95.0, 0.5), 18: (70.0, 0.5)},
    }
    assert (baseline, printed, num_samples) == ((83.5, 0.5), 90.8, 4)


def test_confounders_of_hard_and_soft_as_each_was_trained(tmp_path, given):
    folder = tmp_path / "savedmodels"
    # Trained with one example: that with four is another curve, and so is that of the training set.
    own = {1: 70.0, 2: 71.0}
    other = row("confounders C=2 S=4", "nll", 99.0, 4)
    train = row("confounders C=2 S=1", "nll", 99.0, 4)
    train = dataclasses.replace(train, protocol="confounders C=2 S=1 omniglot26/train")
    rows = [*confounder_rows(own), other, train]
    add_model(folder, "omniglot26_vma_4shot", rows)
    assert illustrate_zoo(read_zoo(folder)) == []
    add_model(folder, "omniglot26_soft", confounder_rows({1: 72.0, 2: 80.0}))
    assert [each.name for each in illustrate_zoo(read_zoo(folder))] == ["confounders"]
    assert given["confounders"] == (
        {
            "sampled address, trained and scored with 1 examples": {1: (70.0, 0.5), 2: (71.0, 0.5)},
            "soft attention, trained and scored with 1 examples": {1: (72.0, 0.5), 2: (80.0, 0.5)},
        },
        4,
        {"the paper's soft attention, 16 examples": {1: 73.4, 2: 73.4}},
    )
    assert illustrate_zoo(read_zoo(folder), num_samples=9) == []


def test_confounders_of_a_second_sampled_address_beside_them(tmp_path, given):
    folder = tmp_path / "savedmodels"
    curve = confounder_rows({1: 70.0, 2: 71.0})
    add_model(folder, "omniglot26_vma_4shot", curve)
    more = [dataclasses.replace(r, protocol=r.protocol.replace("S=1 ", "S=16 ")) for r in curve]
    add_model(folder, "omniglot26_vma_16shot", more)
    # Two of a kind are no comparison.
    assert illustrate_zoo(read_zoo(folder)) == []
    add_model(folder, "omniglot26_soft", curve)
    illustrate_zoo(read_zoo(folder))
    assert list(given["confounders"][0]) == [
        "sampled address, trained and scored with 1 examples",
        "soft attention, trained and scored with 1 examples",
        "sampled address, trained with 1, scored with 16 examples",
    ]


def test_confounders_with_the_most_examples_where_none_are_as_trained(tmp_path, given):
    folder = tmp_path / "savedmodels"
    curve = confounder_rows({1: 70.0, 2: 71.0})
    rows = [
        dataclasses.replace(each, protocol=each.protocol.replace("S=1 ", f"S={shots} "))
        for shots in (2, 16, 3)
        for each in curve
    ]
    add_model(folder, "omniglot26_vma_4shot", curve)
    add_model(folder, "omniglot26_soft", rows)
    illustrate_zoo(read_zoo(folder))
    assert list(given["confounders"][0]) == [
        "sampled address, trained and scored with 1 examples",
        "soft attention, trained with 1, scored with 16 examples",
    ]


def test_controls_beside_the_reference(tmp_path, given):
    folder = tmp_path / "savedmodels"
    right = row("few_shot C=8 S=4", "address_accuracy", 0.83, None)
    add_model(folder, "omniglot26_control_tied", [*few_shot_rows(4), right])
    add_model(folder, "omniglot26_control_flat", [row("few_shot C=8 S=4", "nll", 85.0, 4)])
    # Neither as long trained, nor scored on the same targets.
    shorter = row("few_shot C=8 S=4", "nll", 99.0, 4, steps=2_000)
    add_model(folder, "omniglot26_control_inner", [shorter])
    fewer = row("few_shot C=8 S=4", "nll", 99.0, 4, targets=64)
    add_model(folder, "omniglot26_control_cosine", [fewer])
    assert illustrate_zoo(read_zoo(folder)) == []
    add_model(folder, "omniglot26_control", [row("few_shot C=8 S=4", "nll", 83.0, 4)])
    (illustration,) = illustrate_zoo(read_zoo(folder))
    assert "6,000 steps" in illustration.caption
    assert "chance is 12.5 %" in illustration.caption
    ((nll, right, num_samples),) = given.values()
    assert right == {"one key for entries and queries": 0.83}
    assert list(nll.items()) == [
        ("reference", (83.0, 0.5)),
        ("flat p(a)", (85.0, 0.5)),
        ("one key for entries and queries", (84.0, 0.5)),
    ]
    assert num_samples == 4


def test_controls_of_unknown_steps_are_not_compared(tmp_path):
    folder = tmp_path / "savedmodels"
    unknown = [row("few_shot C=8 S=4", "nll", 83.0, 4, steps=None)]
    for name in ("omniglot26_control", "omniglot26_control_flat"):
        add_model(folder, name, unknown)
    assert illustrate_zoo(read_zoo(folder)) == []


def test_curves_of_controls_with_the_episodes_of_the_reference(tmp_path, monkeypatch):
    from tfvma.figures import control_curves

    seen = []
    draw = control_curves.control_curves
    monkeypatch.setattr(
        control_curves, "control_curves", lambda *values: (seen.append(values), draw(*values))[1]
    )
    log = "step,kl_a,address_accuracy\n1,2.0,0.25\n2,3.0,0.5\n"
    changed = {
        "omniglot26_control_flat": {"model.prior": "flat"},
        # Neither as many characters, nor as many steps.
        "omniglot26_control_32classes": {"episodes.num_classes": 32},
        "omniglot26_control_tied": {"training.steps": 5},
    }
    for name, change in changed.items():
        with_logs(tmp_path, name, {1: log}, change=change)
    assert illustrate_zoo(read_zoo(tmp_path)) == []
    with_logs(tmp_path, "omniglot26_control", {1: log})
    (illustration,) = illustrate_zoo(read_zoo(tmp_path))
    assert illustration.name == "control_curves"
    ((logs, chance),) = seen
    assert list(logs) == ["reference", "flat p(a)"] and chance == 1 / 8
    assert [row["address_accuracy"] for row in logs["reference"]] == [0.25, 0.5]
    assert illustrate_zoo(read_zoo(tmp_path), num_samples=8) == []


def test_command_writes_what_there_is(savedmodels, tmp_path, capsys):
    out = tmp_path / "out"
    assert main([str(out), "--savedmodels", str(savedmodels)]) == 0
    written = {path.name for path in out.iterdir()}
    assert written == {"examples_per_class.png", "all_characters.png"}
    assert capsys.readouterr().out.split() == [
        str(out / "examples_per_class.png"),
        str(out / "all_characters.png"),
    ]
    assert (
        main([str(tmp_path / "no"), "--savedmodels", str(savedmodels), "--num-samples", "9"]) == 0
    )
    assert "no figure: expected rows" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--savedmodels", "nowhere"], "savedmodels='nowhere': expected a folder with NAME/config"),
        (["--num-samples", "0"], "--num-samples=0: expected at least 1"),
    ],
)
def test_options_that_cannot_work(tmp_path, options, message, capsys):
    assert main([str(tmp_path / "out"), *options]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def with_logs(folder, name: str, logs, stages=(), change=types.MappingProxyType({})) -> None:
    """Each stage that of which the next version was made, by what it started from."""
    home = add_model(folder, name, [])
    config = replace_options(Config(name, episodes=EpisodeConfig(kind="recall")), change)
    (home / "config.json").write_text(json.dumps(to_dict(config)))
    known = [replace_options(config, {"training.start_from": start}) for start in stages]
    for version, log in logs.items():
        saved = home / str(version)
        saved.mkdir()
        write_training(saved, Training(stages=tuple(known)))
        (saved / "assets.extra" / "log.csv").write_text(log)


@pytest.fixture
def curves(monkeypatch) -> list:
    """What learning curves are drawn of."""
    seen = []
    draw = learning_curves.learning_curves

    def watched(log, *values):
        seen.append(([(row["step"], row["kl_a"]) for row in log], *values))
        return draw(log, *values)

    monkeypatch.setattr(log_illustration, "learning_curves", watched)
    return seen


OVERFITTING = "omniglot28_static_learned2048"
OVERFITTED = {"paper, training: below 80": 80.0, "paper, test: above 150": 150.0}


def test_curves_go_on_where_a_stage_started_from_the_version_before(tmp_path, curves):
    two_rows = "step,kl_a\n1,2.0\n2,3.0\n"
    logs = {10: "step,kl_a\n5,0.5\n", 9: "step,kl_a\n4,0.25\n8,0.375\n", 8: "step,kl_a\n1,9.0\n"}
    starts = ("", "some/other/8", f"some/{OVERFITTING}/9")
    with_logs(tmp_path, OVERFITTING, logs, starts)
    with_logs(tmp_path, "mnist_recall256", {1: two_rows})
    with_logs(tmp_path, "omniglot26_vma_4shot_augmented", {1: "step,kl_a\n3,2.0\n4,3.0\n"})
    with_logs(tmp_path, "another", {1: two_rows})
    illustrations = illustrate_zoo(read_zoo(tmp_path))
    names = [each.name for each in illustrations]
    assert names == ["recall_curves", "few_shot_curves", "overfitting"]
    assert curves == [
        ([(1, 2.0), (2, 3.0)], 4, 256, True, {}),
        ([(3, 2.0), (4, 3.0)], 4, 256, True, {}),
        ([(4, 0.25), (8, 0.375), (13, 0.5)], 4, 256, True, OVERFITTED),
    ]
    assert illustrate_zoo(read_zoo(tmp_path), num_samples=8) == []


def test_the_vae_of_the_same_size_is_marked_beside_overfitting(tmp_path, curves):
    with_logs(tmp_path, OVERFITTING, {1: "step,kl_a\n1,2.0\n2,3.0\n"})
    nll = row("nll", "nll", 109.56, 4)
    nll = dataclasses.replace(nll, protocol="nll omniglot28_static/train")
    add_model(tmp_path, "omniglot28_static_vae", [nll], family="vae")
    illustrate_zoo(read_zoo(tmp_path))
    ((*_, printed),) = curves
    assert printed == {**OVERFITTED, "VAE of this size, training: 109.6": 109.56}


def test_a_version_that_began_afresh_has_its_own_curve(tmp_path, curves):
    logs = {1: "step,kl_a\n5,0.5\n", 2: "step,kl_a\n4,0.25\n6,0.5\n"}
    with_logs(tmp_path, "mnist_recall256", logs, ("",))
    illustrate_zoo(read_zoo(tmp_path))
    assert [log for log, *_ in curves] == [[(4, 0.25), (6, 0.5)]]
