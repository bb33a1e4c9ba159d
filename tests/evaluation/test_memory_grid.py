"""Bounds laid out by the characters, or by the examples, in memory."""

from __future__ import annotations

import dataclasses
import math

from tests.evaluation.zoo_folder import add_model, all_classes_rows, confounder_rows, row
from tfvma.evaluation.memory_grid import memory_grids, split_memory
from tfvma.evaluation.zoo import read_zoo


def test_rows_of_other_protocols_are_set_apart():
    """Those of turned characters too, which are other targets."""
    confounder, characters = confounder_rows({2: 80.0})[0], all_classes_rows({2: 80.0})[0]
    turned = row("all_classes_shots S=2 rotations=4", "nll", 90.0, 4)
    other = row("few_shot C=2 S=1", "nll", 90.0, 4)
    found = split_memory([other, characters, turned, confounder])
    assert found == ([other, turned], [confounder, characters])


def grids(folder) -> list[list[str]]:
    found = memory_grids([(model, one) for model in read_zoo(folder) for one in model.rows])
    return [grid.markdown().splitlines() for grid in found]


def test_more_characters_with_log_c_below_what_has_an_address(tmp_path):
    address = [
        *confounder_rows({8: 74.0, 1: 70.0}),
        row("confounders C=8 S=1", "kl_a", 2.0, None),
        row("confounders C=8 S=1", "address_accuracy", 0.9, None),
        row("confounders C=8 S=1", "kl_z", 20.0, 4),
        row("confounders C=1 S=16", "nll", 65.0, 4, targets=99),
    ]
    add_model(tmp_path, "a", address)
    soft = [
        row(f"confounders C={c} S=16", "nll", 72.0, 4, paper=p) for c, p in ((1, 73.4), (8, None))
    ]
    add_model(tmp_path, "b", soft, family="soft_attention")
    ((heading, *_, rules, a, a_optimum, a_kl, a_right, a16, a16_optimum, paper, b),) = grids(
        tmp_path
    )
    assert heading == (
        "Nats per image of omniglot26/test with S examples of each of C characters in memory, "
        "99 to 2,880 targets, the same in all cells of a line:"
    )
    assert rules.startswith("| --- | ---: | --- | ---: |")
    assert a == "| a | 1 | NLL, K = 4 | 70.00 ± 0.50 | 74.00 ± 0.50 |"
    assert a_optimum == f"| a | 1 | NLL at C = 1, plus log C | 70.00 | {70 + math.log(8):.2f} |"
    assert a_kl == "| a | 1 | KL(a) | – | 2.00 ± 0.50 |"
    assert a_right == "| a | 1 | address accuracy | – | 90.0 ± 50.0 % |"
    assert a16.startswith("| a | 16 | NLL, K = 4 | 65.00") and "plus log C" in a16_optimum
    assert paper == "| the paper's | 16 | NLL, K = 4 | 73.4 | – |"
    assert b == "| b | 16 | NLL, K = 4 | 72.00 ± 0.50 | 72.00 ± 0.50 |"


def test_more_examples_of_all_characters(tmp_path):
    rows = all_classes_rows({18: 71.0, 2: 75.0})
    more_samples = row("all_classes_shots S=2", "nll", 70.0, 1_000)
    add_model(tmp_path, "a", [more_samples, *rows, *confounder_rows({2: 80.0})])
    confounders, (heading, _, columns, _, few, many) = grids(tmp_path)
    assert heading == (
        "Nats per image of omniglot26/test with S examples of every character in memory, 2,880 "
        "targets, the same in all cells of a line:"
    )
    assert columns == "| model | metric | S = 2 | S = 18 |"
    assert few == "| a | NLL, K = 4 | 75.00 ± 0.50 | 71.00 ± 0.50 |"
    assert many == "| a | NLL, K = 1,000 | 70.00 ± 0.50 | – |"
    # Nothing with one character to add log C to.
    assert confounders[-1] == "| a | 1 | NLL, K = 4 | 80.00 ± 0.50 |"


def test_other_targets_in_a_line_are_not_called_the_same(tmp_path):
    one, other = confounder_rows({1: 70.0, 2: 71.0})
    add_model(tmp_path, "a", [one, dataclasses.replace(other, targets=64)])
    ((heading, *_),) = grids(tmp_path)
    assert heading.endswith("characters in memory, 64 to 2,880 targets:")
