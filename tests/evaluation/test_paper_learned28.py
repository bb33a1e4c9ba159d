"""The figures of learned memories on Omniglot 28x28 stand where they belong."""

from __future__ import annotations

import numpy as np
import pytest

from tests.models.tiny_learned import learned_model
from tfvma.config import Config, EpisodeConfig, ModelConfig
from tfvma.data.images import ImageSet
from tfvma.evaluation.evaluate import evaluate
from tfvma.evaluation.paper_learned28 import (
    learned28_note,
    learned28_value,
    learned28_words,
)
from tfvma.evaluation.protocols import FewShot, Nll
from tfvma.evaluation.trained_model import TrainedModel

NLL = Nll()


def value(memory_size=256, protocol=NLL, dataset="omniglot28", split="test", metric="nll", k=5_000):
    return learned28_value(memory_size, protocol, dataset, split, metric, k)


def note(memory_size=256, protocol=NLL, dataset="omniglot28", split="test", metric="nll"):
    return learned28_note(memory_size, protocol, dataset, split, metric)


def test_one_figure_is_printed():
    assert value() == 103.6


@pytest.mark.parametrize(
    "other",
    [
        {"memory_size": 0},
        {"memory_size": 2_048},
        {"protocol": FewShot()},
        {"dataset": "binarized_mnist"},
        {"dataset": "omniglot28_static"},
        {"split": "train"},
        {"metric": "kl_z"},
        {"k": 4},
    ],
)
def test_and_no_other(other):
    assert value(**other) is None


def test_what_the_paper_says_besides():
    assert "103.6 at K = 5,000" in note()
    assert "above 150" in note(2_048) and "below 80" in note(2_048, split="train")
    assert "log M, which is 7.62" in note(2_048, metric="kl_a")
    # It does not say which of the two overfits.
    assert note(2_048) == note(2_048, dataset="omniglot28_static")


@pytest.mark.parametrize(
    "other",
    [
        {"memory_size": 0},
        {"protocol": FewShot()},
        {"dataset": "binarized_mnist"},
        {"split": "train"},
        {"metric": "kl_z"},
        {"memory_size": 64},
    ],
)
def test_and_where_it_says_nothing(other):
    assert note(**other) == ""


def test_what_it_says_without_a_k_in_its_own_words():
    assert learned28_words(2_048, "train", "nll") == "below 80, K not stated"
    assert learned28_words(2_048, "test", "nll") == "above 150, K not stated"
    assert learned28_words(256, "test", "nll") == ""
    assert learned28_words(256, "test", "kl_a") == "near log M = 5.55"
    assert learned28_words(0, "test", "kl_a") == ""
    assert learned28_words(2_048, "test", "kl_z") == ""


def test_rows_carry_them():
    pixels = np.random.default_rng(0).integers(0, 2, [8, 6, 6], dtype=np.uint8)
    images = ImageSet("omniglot28", "test", pixels)
    config = Config(
        "some",
        episodes=EpisodeConfig(dataset="omniglot28", kind="images"),
        model=ModelConfig(image_size=6, memory_size=256),
    )
    model = TrainedModel(learned_model(), config, 2, 0.1, [])
    rows = evaluate(model, images, [Nll(8, (2, 5_000))], seed=0, command="")
    found = {(row.metric, row.num_samples): (row.paper, row.note) for row in rows}
    assert found["nll", 5_000] == (103.6, note())
    assert found["nll", 2] == (None, note())
    assert found["kl_a", None] == (None, note(metric="kl_a"))
    assert found["kl_z", 2] == (None, "")
