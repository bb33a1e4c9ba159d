"""The bounds of images without labels in one table."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tests.evaluation.zoo_folder import row
from tfvma.config import Config, EpisodeConfig, ModelConfig
from tfvma.evaluation.nll_grid import nll_grids, split_nll
from tfvma.evaluation.zoo import ZooModel


def bound(value, num_samples, split="test", metric="nll", **changes):
    made = row("nll", metric, value, num_samples, **changes)
    return dataclasses.replace(made, protocol=f"nll omniglot28/{split}")


def model(name, rows, memory_size=0, dataset="omniglot28"):
    config = Config(
        name,
        episodes=EpisodeConfig(dataset=dataset, kind="images"),
        model=ModelConfig(memory_size=memory_size),
    )
    return ZooModel(Path(name), config, rows)


def grid_of(*models):
    rows = ((model, row) for model in models for row in model.rows)
    return [grid.markdown() for grid in nll_grids(rows)]


def test_rows_of_other_protocols_are_set_apart():
    own, other = bound(1.0, 4), row("few_shot C=1 S=1", "nll", 2.0, 4)
    assert split_nll([own, other]) == ([other], [own])
    assert nll_grids([]) == []


def test_each_cell_in_its_place_below_the_papers():
    """Its figure where K is the one it states, its words where it states none."""
    small = model(
        "small",
        [bound(103.0, 5_000, paper=103.6), bound(3.5, None, metric="kl_a"), bound(110.0, 4)],
        memory_size=256,
    )
    large = model(
        "large",
        [
            bound(79.0, 4, split="train", targets=64),
            bound(155.0, 4),
            bound(150.0, 5_000),
            bound(7.5, None, metric="kl_a"),
            bound(2.0, 4, metric="kl_z"),
            bound(2.5, 100, metric="kl_z"),
            bound(-60.0, 4, metric="reconstruction"),
        ],
        memory_size=2_048,
    )
    (text,) = grid_of(small, large, model("vae", [bound(112.0, 4, steps=None, minutes=None)]))
    assert text.splitlines() == [
        "Nats per image, 64 to 2,880 images in each cell:",
        "",
        "| model | images | NLL, train, K = 4 | NLL, test, K = 4 | NLL, test, K = 5,000 "
        "| KL(a), test | KL(z), test, K = 4 | steps | minutes |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| the paper's of 256 slots | – | – | – | 103.6 | near log M = 5.55 | – | – | – |",
        "| small | omniglot28 | – | 110.00 ± 0.50 | 103.00 ± 0.50 | 3.50 ± 0.50 | – | 6,000 | 12 |",
        "| the paper's of 2,048 slots | – | below 80, K not stated | above 150, K not stated | – "
        "| near log M = 7.62 | – | – | – |",
        "| large | omniglot28 | 79.00 ± 0.50 | 155.00 ± 0.50 | 150.00 ± 0.50 "
        "| 7.50 ± 0.50 | 2.00 ± 0.50 | 6,000 | 12 |",
        "| vae | omniglot28 | – | 112.00 ± 0.50 | – | – | – | – | – |",
    ]


def test_what_the_paper_says_stands_once_above_those_it_is_of():
    rows = [bound(7.5, None, metric="kl_a"), bound(100.0, 4)]
    (text,) = grid_of(model("a", rows, 2_048), model("b", rows, 2_048))
    assert text.startswith("Nats per image, 2,880 images in each cell:")
    assert text.count("the paper's") == 1
    (text,) = grid_of(model("a", rows[:1], 2_048, dataset="strokes"))
    assert "the paper's" not in text


def test_images_of_two_sets_have_a_line_each():
    other = dataclasses.replace(bound(88.0, 4), protocol="nll omniglot28_static/test")
    (text,) = grid_of(model("a", [bound(110.0, 4), other], 64))
    assert text.splitlines()[-2:] == [
        "| a | omniglot28 | 110.00 ± 0.50 | 6,000 | 12 |",
        "| a | omniglot28_static | 88.00 ± 0.50 | 6,000 | 12 |",
    ]
