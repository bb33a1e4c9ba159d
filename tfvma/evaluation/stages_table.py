"""The commands of all stages that led to the models of the zoo, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from tfvma.config import Config
from tfvma.evaluation.zoo import ZooModel
from tfvma.training_command import training_command


def stages_table(models: Iterable[ZooModel]) -> str:
    """A heading for each model, and below it the command of each version that a model of more
    than one stage came from, and of its latest."""
    commands: dict[str, dict[str, str]] = {}
    for model in models:
        if len(model.stages) > 1:
            for name, version, config in _made(model):
                commands.setdefault(name, {})[version] = training_command(config)
    return "\n\n".join(
        part
        for name, versions in commands.items()
        for part in (
            f"## {name}",
            *(
                f"**Version {version}**\n\n    {versions[version]}"
                for version in sorted(versions, key=_order)
            ),
        )
    )


def _made(model: ZooModel) -> Iterator[tuple[str, str, Config]]:
    """The name and version of what each stage made, and its configuration."""
    for stage, after in pairwise(model.stages):
        made = Path(after.training.start_from)
        yield made.parent.name, made.name, stage
    yield model.name, str(model.version), model.stages[-1]


def _order(version: str) -> tuple[int, str]:
    """2 is before 10."""
    return len(version), version
