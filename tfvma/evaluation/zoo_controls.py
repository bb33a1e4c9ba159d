"""The control experiments of the paper's section 4.2: what each of its choices is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tfvma.evaluation.illustration import Illustration
from tfvma.evaluation.metrics_file import Row
from tfvma.evaluation.protocols import FewShot
from tfvma.evaluation.zoo import ZooModel

_PROTOCOL = f"{FewShot().name} omniglot26/test"
_REFERENCE = "omniglot26_control"
_CHANGED = {
    _REFERENCE: "reference",
    f"{_REFERENCE}_flat": "flat p(a)",
    f"{_REFERENCE}_inner": "inner product",
    f"{_REFERENCE}_cosine": "cosine",
    f"{_REFERENCE}_tied": "one key for entries and queries",
    f"{_REFERENCE}_32classes": "32 characters a step",
}


def show_controls(models: Sequence[ZooModel], num_samples: int) -> Illustration | None:
    """The NLL of each control beside the reference, or None without the rows for two of them.

    Shown are those with as many steps, and scored on the same targets.
    """
    rows = {name: _find(models, name, "nll", num_samples) for name in _CHANGED}
    reference = rows[_REFERENCE]
    if reference is None or reference.steps is None:
        return None
    nll = {
        words: (row.value, row.stderr)
        for name, words in _CHANGED.items()
        if (row := rows[name]) and _setting(row) == _setting(reference)
    }
    if len(nll) < 2:
        return None
    right = {
        words: row.value
        for name, words in _CHANGED.items()
        if words in nll and (row := _find(models, name, "address_accuracy", None))
    }
    from tfvma.figures.controls import controls
    from tfvma.figures.style import png

    return Illustration(
        "controls",
        "One choice changed at a time",
        f"Models trained for {reference.steps:,} steps from scratch, with the same seed, and with "
        "one choice of the paper changed in each. Bars are one standard error, clustered by "
        "episode; the targets are common to all, so that differences are known better than the "
        "points. Each was trained once, and how much another seed would change is not in the bars."
        f"{_chance(right)}",
        png(controls(nll, right, num_samples)),
    )


def show_control_curves(models: Sequence[ZooModel], num_samples: int) -> Illustration | None:
    """How the reference and the controls with its episodes found the address; None without two
    logs of as many steps at this K."""
    by_name = {model.name: model for model in models if model.version in model.logs}
    reference = by_name.get(_REFERENCE)
    if reference is None or reference.config.training.num_samples != num_samples:
        return None
    logs = {
        words: model.logs[model.version]
        for name, words in _CHANGED.items()
        if (model := by_name.get(name))
        and model.config.episodes == reference.config.episodes
        and model.config.training == reference.config.training
    }
    if len(logs) < 2:
        return None
    from tfvma.figures.control_curves import control_curves
    from tfvma.figures.style import png

    classes = reference.config.episodes.num_classes
    return Illustration(
        "control_curves",
        "How the controls find the address",
        "For how many targets of training the most likely entry is of their character, and "
        f"KL(a), against training steps, with K = {num_samples}; means over what was drawn between "
        "two points. Each was trained once.",
        png(control_curves(logs, 1 / classes)),
    )


def _setting(row: Row) -> tuple[int | None, int, int]:
    return row.steps, row.targets, row.seed


def _find(
    models: Sequence[ZooModel], name: str, metric: str, num_samples: int | None
) -> Row | None:
    found = (model.find(_PROTOCOL, metric, num_samples) for model in models if model.name == name)
    return next(found, None)


def _chance(right: Mapping[str, float]) -> str:
    if not right:
        return ""
    return (
        " Beside each is for how many targets the most likely entry is of their character, where "
        f"chance is {100 / FewShot().num_classes:g} %: an NLL says little of a choice where the "
        "address was not found."
    )
