"""The bounds of few-shot models in one table."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tests.evaluation.zoo_folder import few_shot_rows, row
from tfvma.config import Config, ModelConfig
from tfvma.evaluation.few_shot_grid import few_shot_grids, split_few_shot
from tfvma.evaluation.zoo import ZooModel


def model(name, rows, family="vma"):
    return ZooModel(Path(name), Config(name, model=ModelConfig(family=family)), rows)


def grids_of(*models):
    rows = ((model, row) for model in models for row in model.rows)
    return [grid.markdown() for grid in few_shot_grids(rows)]


def test_rows_of_other_protocols_are_set_apart():
    own, other = row("few_shot C=1 S=1", "nll", 2.0, 4), row("confounders C=1 S=1", "nll", 1.0, 4)
    assert split_few_shot([own, other]) == ([other], [own])
    assert few_shot_grids([]) == []


def test_each_cell_in_its_place_below_the_papers():
    """Its figure of a baseline; from few to many examples where such models are compared."""
    vae = row("few_shot C=8 S=4", "nll", 83.5, 4, paper=90.8, steps=None, minutes=None)
    many = [
        *few_shot_rows(16),
        row("few_shot C=8 S=16", "nll", 62.0, 1_000, targets=64),
        row("few_shot C=8 S=16", "kl_z", 24.0, 1_000),
        row("few_shot C=8 S=16", "address_accuracy", 0.95, None, stderr=0.006),
        row("few_shot C=2 S=1", "nll", 75.0, 4),
    ]
    (text,) = grids_of(
        model("vae", [vae], "vae"), model("one", few_shot_rows(1)), model("many", many)
    )
    assert text.splitlines() == [
        "Nats per image of omniglot26/test with S examples of each of C characters in memory, "
        "64 to 2,880 targets in each cell:",
        "",
        "| model | C | S | NLL, K = 4 | NLL, K = 1,000 | KL(a) | KL(z), K = 4 "
        "| address accuracy | steps | minutes |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| the paper's | – | – | 90.8 | – | – | – | – | – | – |",
        "| vae | – | – | 83.50 ± 0.50 | – | – | – | – | – | – |",
        "| the paper's | 8 | few to many | 75.1 to 69.1 | – | 2.0 to 4.5 | 28.2 to 21.8 | – | – "
        "| – |",
        "| one | 8 | 1 | 81.00 ± 0.50 | – | 3.00 ± 0.50 | 21.00 ± 0.50 | – | 6,000 | 12 |",
        "| many | 8 | 16 | 96.00 ± 0.50 | 62.00 ± 0.50 | 18.00 ± 0.50 | 36.00 ± 0.50 "
        "| 95.0 ± 0.6 % | 6,000 | 12 |",
        "| many | 2 | 1 | 75.00 ± 0.50 | – | – | – | – | 6,000 | 12 |",
    ]


def test_models_of_one_number_of_examples_are_not_below_its_range():
    (text,) = grids_of(model("a", few_shot_rows(4)), model("b", few_shot_rows(4)))
    assert "the paper's" not in text


def test_each_dataset_has_a_table():
    other = dataclasses.replace(row("", "nll", 89.0, 4), protocol="few_shot C=8 S=1 gmn/test")
    first, second = grids_of(model("a", [*few_shot_rows(4), other]))
    assert first.startswith("Nats per image of omniglot26/test")
    assert second.splitlines()[-1] == "| a | 8 | 1 | 89.00 ± 0.50 | 6,000 | 12 |"
    assert "the paper's" not in second
