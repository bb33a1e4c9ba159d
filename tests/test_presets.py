"""What the presets of one experiment have in common, and in what they differ."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from tfvma.command_line.train import configure, parser
from tfvma.config import options
from tfvma.presets import STARTS, get_preset, preset_names
from tfvma.study.standings import level
from tfvma.study.variants import VARIANTS

# Drawings of a character of Omniglot.
DRAWINGS = 20
STARTED_FROM = "savedmodels/omniglot26_vma_4shot"


RECORD = Path(__file__).parents[1] / "docs" / "estimators.json"
PAPERS = ("omniglot26_vma_4shot", "omniglot26_control", "mnist_recall256", "mnist_learned64")
OURS = (
    "omniglot26_vma_4shot_muon",
    "omniglot26_vma_4shot_augmented",
    "omniglot26_vma_8shot",
    "strokes_vma_4shot",
)


@pytest.mark.skipif(not RECORD.exists(), reason="no study is committed")
def test_few_shot_presets_have_the_estimator_that_the_study_prefers():
    few_shot = json.loads(RECORD.read_text())["tasks"]["few_shot"]
    best = VARIANTS[level(few_shot)[0].estimator]
    for name in OURS:
        training = get_preset(name).training
        assert (training.estimator, training.latent_gradient) == best
    for name in PAPERS:
        training = get_preset(name).training
        assert (training.estimator, training.latent_gradient) == ("vimco", "reparameterized")


@pytest.mark.parametrize("shots", [1, 2, 8, 16])
def test_models_of_other_shots_can_start_from_the_one_of_4(shots):
    name = f"omniglot26_vma_{shots}shot"
    config = configure(parser().parse_args(["--preset", name, "--start-from", STARTED_FROM]))
    assert config.model == get_preset("omniglot26_vma_4shot").model
    drawn, training = config.episodes, config.training
    assert (drawn.num_classes, drawn.targets_per_class, drawn.shots) == (8, 4, shots)
    assert drawn.targets_per_class + drawn.shots <= DRAWINGS
    assert (training.steps, training.optimizer, training.learning_rate) == (6_000, "muon", 1e-3)
    # A warm-up would take from z what it has learned.
    assert (training.schedule, training.latent_warmup) == ("cosine", 0)
    assert training.start_from == STARTED_FROM


def test_the_tied_model_of_1_has_its_own_choices_and_else_those_of_the_model_of_1():
    untied = options(get_preset("omniglot26_vma_1shot"))
    tied = options(get_preset("omniglot26_vma_1shot_tied"))
    assert {key: value for key, value in tied.items() if value != untied[key]} == {
        "episodes.num_classes": 32,
        "episodes.targets_per_class": 1,
        "model.tied": True,
    }


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ("flat", {"model.prior": "flat"}),
        ("inner", {"model.similarity": "inner"}),
        ("cosine", {"model.similarity": "cosine"}),
        ("tied", {"model.tied": True}),
        ("32classes", {"episodes.num_classes": 32, "episodes.targets_per_class": 1}),
    ],
)
def test_a_control_differs_from_the_reference_in_one_choice(change, changed):
    reference = options(get_preset("omniglot26_control"))
    control = options(get_preset(f"omniglot26_control_{change}"))
    assert {key: value for key, value in control.items() if value != reference[key]} == changed


def test_the_reference_is_the_few_shot_model_with_fewer_steps():
    reference = options(get_preset("omniglot26_control"))
    paper = options(get_preset("omniglot26_vma_4shot"))
    differing = {key for key, value in reference.items() if value != paper[key]}
    assert differing == {
        "training.steps",
        "training.optimizer",
        "training.learning_rate",
        "training.weight_decay",
    }
    assert (reference["training.steps"], reference["training.weight_decay"]) == (3_000, 0.1)


def test_the_large_model_of_table_1_is_that_of_45_5_alphabets_for_larger_images():
    large, small = get_preset("gmn_vma_large"), get_preset("gmn_vma")
    assert large.episodes.dataset == small.episodes.dataset == "gmn"
    of_45_5 = get_preset("omniglot26_vma_4shot").model
    assert large.model == dataclasses.replace(of_45_5, image_size=28)
    # Wider everywhere, and else the same, so that it can start from the other.
    filters, units = small.model.filters, small.model.hidden_units
    narrowed = dataclasses.replace(large.model, filters=filters, hidden_units=units)
    assert narrowed == small.model
    pairs = zip(large.model.filters, filters, strict=True)
    assert all(wide > narrow for wide, narrow in pairs)
    assert large.model.hidden_units > units
    assert max(large.episodes.varied_shots) == large.episodes.shots


def test_presets_without_a_warm_up_have_something_to_start_from():
    """Muon at once on random weights would take from z what it has not learned yet."""
    of_fine_tuning = {
        name
        for name in preset_names()
        if (get_preset(name).training.optimizer, get_preset(name).training.latent_warmup)
        == ("muon", 0)
    }
    assert of_fine_tuning == set(STARTS)
    assert set(STARTS.values()) <= set(preset_names())
