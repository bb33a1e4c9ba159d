"""What of a model is not as in the paper, from the stages that led to it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tfvma.config import Config
from tfvma.evaluation.departures import departures, legend, marks
from tfvma.evaluation.zoo import ZooModel
from tfvma.presets import get_preset

PLAIN = get_preset("omniglot26_vma_4shot")


def changed(config: Config, part: str, **values) -> Config:
    return dataclasses.replace(
        config, **{part: dataclasses.replace(getattr(config, part), **values)}
    )


def of(*stages: Config) -> str:
    model = ZooModel(Path("savedmodels/mine"), stages[-1], [], version=1, stages=stages)
    return marks(departures(model))


@pytest.mark.parametrize(
    ("config", "mark"),
    [
        (PLAIN, "–"),
        (changed(PLAIN, "episodes", turned=True), "a"),
        (changed(PLAIN, "episodes", warped_copies=3), "b"),
        (changed(PLAIN, "training", sharpened_for=1_000), "c"),
        (changed(PLAIN, "model", entry_to_logits=16.0), "d"),
        (changed(PLAIN, "model", tied=True), "e"),
        (get_preset("omniglot28_learned256"), "f"),
        (get_preset("gmn_vma"), "–"),
        (get_preset("gmn_vma_large"), "g, h"),
    ],
)
def test_each_has_its_mark(config, mark):
    assert of(config) == mark
    # A configuration alone, of a model whose stages are not known.
    alone = ZooModel(Path("savedmodels/mine"), config, [])
    assert marks(departures(alone)) == mark


def test_data_of_an_earlier_stage_count_and_what_is_gone_from_the_model_does_not():
    turned = changed(changed(PLAIN, "episodes", turned=True), "training", sharpened_for=1_000)
    assert of(turned, PLAIN) == "a"
    assert of(PLAIN, turned) == "a, c"


def test_legend_tells_each_mark_once_in_order():
    tied = ZooModel(Path("a"), changed(PLAIN, "model", tied=True), [])
    both = ZooModel(Path("b"), changed(tied.config, "episodes", turned=True), [])
    words = legend([*departures(tied), *departures(both)])
    assert words == "a: trained on turned characters too; e: one key for entries and queries"
    assert legend([]) == ""
