"""What the README and the pages beside it say is what is committed."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tfvma.estimators import LogDensities, WakeWake
from tfvma.evaluation.in_short import in_short_table
from tfvma.evaluation.results_table import results_table, with_results
from tfvma.evaluation.stages_table import stages_table
from tfvma.evaluation.summary import results_summary
from tfvma.evaluation.zoo import read_zoo
from tfvma.presets import preset_names
from tfvma.training.provenance import read_training
from tfvma.training_command import training_command

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
FACTS = sorted(ROOT.glob("savedmodels/*/*/assets.extra/training.json"))
CARDS = sorted(ROOT.glob("savedmodels/*/README.md"))
PAGES = (README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))


@pytest.mark.parametrize(
    ("page", "table"),
    [
        (README, in_short_table),
        (ROOT / "docs" / "experiments.md", results_summary),
        (ROOT / "docs" / "results.md", results_table),
        (ROOT / "docs" / "stages.md", stages_table),
    ],
)
def test_results_are_those_of_the_committed_models(page, table):
    text = page.read_text()
    assert text == with_results(text, table(read_zoo(ROOT / "savedmodels")))


@pytest.mark.parametrize("facts", FACTS, ids=lambda path: "/".join(path.parts[-4:-2]))
def test_a_savedmodel_knows_all_its_stages(facts):
    """Each starts from what the one before made, and together they have its steps."""
    training = read_training(facts.parent.parent)
    assert training.steps == sum(stage.training.steps for stage in training.stages)
    first, *others = training.stages
    assert first.training.start_from == ""
    names = [Path(stage.training.start_from).parts[-2] for stage in others]
    assert names == [stage.name for stage in training.stages[:-1]]


def test_every_stage_that_led_to_a_model_is_written_down():
    _, *parts = (ROOT / "docs" / "stages.md").read_text().split("\n## ")
    stages = {name: text for name, _, text in (part.partition("\n") for part in parts)}
    for model in read_zoo(ROOT / "savedmodels"):
        start = model.config.training.start_from
        if start:
            assert f"\n    {training_command(model.config)}\n" in stages[model.name]
            _, name, version = start.split("/")
            assert f"**Version {version}**" in stages[name]
    for text in stages.values():
        for name, version in re.findall(r"start_from=savedmodels/(\w+)/(\d+)", text):
            assert f"**Version {version}**" in stages[name]


def tables(text: str) -> list[list[int]]:
    """The number of cells in each row of each Markdown table."""
    blocks = re.findall(r"^(?:\|.*\n)+", f"{text}\n", re.MULTILINE)
    return [
        [len(re.findall(r"(?<!\\)\|", line)) - 1 for line in block.splitlines()] for block in blocks
    ]


def test_cells_are_counted():
    text = "a | b\n\n| a | b |\n|---|---|\n| q(a\\|x) | 1 |\n\n| q(a|x) | 1 |"
    assert tables(text) == [[2, 2, 2], [3]]


@pytest.mark.parametrize("page", (*PAGES, *CARDS), ids=lambda page: "/".join(page.parts[-2:]))
def test_rows_of_a_table_have_equally_many_cells(page):
    for cells in tables(page.read_text()):
        assert len(set(cells)) == 1, cells


def links(text: str) -> list[str]:
    """Files that Markdown links to, without the places in them."""
    return re.findall(r"\]\((?!https?:|#)([^)#\s]+)[^)]*\)", text)


def presets(text: str) -> set[str]:
    return set(re.findall(r"--preset (\w+)", text))


def test_links_and_presets_are_found():
    text = "[a](docs/a.md) ![b](b.png) [c](../c.md#d) [e](#f) [g](https://h) train.py --preset i"
    assert links(text) == ["docs/a.md", "b.png", "../c.md"]
    assert presets(text) == {"i"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_it_names_exist(page):
    missing = [link for link in links(page.read_text()) if not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_presets_that_it_names_exist(page):
    assert presets(page.read_text()) <= set(preset_names())


def test_its_blocks_of_code_run_one_after_the_other(monkeypatch):
    monkeypatch.chdir(ROOT)
    code = "\n".join(re.findall(r"```python\n([^`]*)```", README.read_text()))
    assert code.count("epochs=5, steps_per_epoch=500") == 1
    names: dict = {"__name__": "readme"}
    exec(code.replace("epochs=5, steps_per_epoch=500", "epochs=1, steps_per_epoch=1"), names)
    assert names["samples"]["images"].shape == (8, 26, 26, 1)
    assert names["found"]["probabilities"].shape == (1, 2)
    assert names["reading"].address.shape == (4, 32)
    assert isinstance(names["model"].estimator, names["Wake"])


def test_the_estimator_that_it_writes_is_wake_wake_without_its_control_variate():
    (block,) = re.findall(r"```python\n([^`]*class Wake\(Estimator\)[^`]*)```", README.read_text())
    definition, compilation = block.split("\nmodel.")
    assert compilation.startswith("compile(")
    names: dict = {}
    exec(definition, names)
    random = np.random.default_rng(0)
    log_px = tf.constant(random.normal(size=(4, 3), scale=3.0))
    densities = LogDensities(*(tf.zeros_like(log_px) for _ in range(5)))._replace(log_px=log_px)
    gradients = []
    for estimator in (names["Wake"](), WakeWake()):
        with tf.GradientTape() as tape:
            tape.watch(densities)
            surrogate = estimator.surrogate(densities)
        gradients.append(tape.gradient(surrogate, densities))
    mine, theirs = gradients
    np.testing.assert_allclose(mine.log_qa - theirs.log_qa, np.full([4, 3], 1 / 4), rtol=1e-12)
    for name in ("log_pa", "log_pz", "log_px", "log_qz"):
        np.testing.assert_allclose(getattr(mine, name), getattr(theirs, name), rtol=1e-12)
