"""The paper's figures of its baselines stand where they belong."""

from __future__ import annotations

import pytest

from tfvma.evaluation.paper_baselines import baseline_note, baseline_value
from tfvma.evaluation.protocols import AllClasses, FewShot
from tfvma.kinds import KINDS

_, LEARNED, SOFT, VAE = KINDS


def value(kind, protocol, dataset="omniglot26", split="test", metric="nll", num_samples=4):
    return baseline_value(kind, protocol, dataset, split, metric, num_samples)


def test_the_vae_reads_no_memory_so_that_its_figure_fits_any():
    assert value(VAE, FewShot()) == value(VAE, FewShot(2, 16)) == 90.8


def test_soft_attention_is_printed_for_16_examples_of_one_or_two_characters():
    assert value(SOFT, FewShot(1, 16)) == value(SOFT, FewShot(2, 16)) == 73.4
    assert value(SOFT, FewShot(4, 16)) is value(SOFT, FewShot(2, 8)) is None


@pytest.mark.parametrize(
    "other",
    [{"dataset": "strokes"}, {"split": "train"}, {"metric": "kl_z"}, {"num_samples": 1_000}],
)
def test_nothing_else_is_printed(other):
    assert value(VAE, FewShot(), **other) is None


def test_neither_for_other_kinds_nor_other_protocols():
    assert value(LEARNED, FewShot()) is None
    assert value(VAE, AllClasses()) is None


def test_a_note_goes_with_a_figure():
    assert baseline_note(VAE, None) == ""
    assert "K is not stated" in baseline_note(VAE, 90.8)
    assert "reaches up to" in baseline_note(SOFT, 73.4)
