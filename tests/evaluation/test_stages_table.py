"""The commands of the stages of all models, each once."""

from __future__ import annotations

from pathlib import Path

from tfvma.config import Config, replace_options
from tfvma.evaluation.stages_table import stages_table
from tfvma.evaluation.zoo import ZooModel
from tfvma.training_command import training_command


def stage(name: str, steps: int, start: str = "") -> Config:
    return replace_options(
        Config(name), {"training.steps": steps, "training.start_from": start and f"some/{start}"}
    )


FIRST, SECOND = stage("first", 1), stage("first", 2, "first/1")
OTHER = stage("other", 3, "first/10")


def model(stages: list[Config], version: int) -> ZooModel:
    last = stages[-1]
    return ZooModel(Path(last.name), last, [], version=version, stages=stages)


def command(config: Config) -> str:
    return f"    {training_command(config)}"


def test_each_version_once_below_its_name():
    models = [model([FIRST, SECOND], 10), model([FIRST, SECOND, OTHER], 2)]
    assert stages_table(models).split("\n\n") == [
        "## first",
        "**Version 1**",
        command(FIRST),
        "**Version 10**",
        command(SECOND),
        "## other",
        "**Version 2**",
        command(OTHER),
    ]


def test_what_it_started_from_need_not_have_a_number():
    stages = [FIRST, stage("first", 2, "first/best")]
    assert "**Version best**" in stages_table([model(stages, 2)])


def test_models_of_one_stage_are_left_out():
    assert stages_table([model([FIRST], 1), ZooModel(Path("third"), Config("third"), [])]) == ""
