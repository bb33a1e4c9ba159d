"""Figures 4B and 5B of the paper: fewer and more examples of each character."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tfvma.evaluation.illustration import Illustration
from tfvma.evaluation.metrics_file import Row
from tfvma.evaluation.paper import SHOTS_RANGES
from tfvma.evaluation.protocols import FewShot
from tfvma.evaluation.zoo import ZooModel

_DATA = "omniglot26/test"
_SHOTS = (1, 2, 4, 8, 16)
# Figure 5B has those of 1, 4 and 8 examples per class.
_SHOTS_OF_CURVES = (1, 4, 8)
_VAE = "omniglot26_vae"
# With which K each term was averaged: KL(a) is exact.
_TERMS = {"nll": True, "reconstruction": True, "kl_z": True, "kl_a": False}
_ALL_CLASSES = re.compile(rf"all_classes_shots S=(\d+)(?: rotations=\d+)? {_DATA}")


def show_examples_per_class(models: Sequence[ZooModel], num_samples: int) -> Illustration | None:
    """Figure 4B, each model with as many examples as it learned with; None for fewer than two."""
    measured = {}
    for shots, model in _of_shots(models, _SHOTS).items():
        protocol = f"{FewShot(shots=shots).name} {_DATA}"
        rows = {
            metric: model.find(protocol, metric, num_samples if sampled else None)
            for metric, sampled in _TERMS.items()
        }
        if all(rows.values()):
            measured[shots] = {metric: (row.value, row.stderr) for metric, row in rows.items()}
    if len(measured) < 2:
        return None
    from tfvma.figures.examples_per_class import examples_per_class
    from tfvma.figures.style import png

    return Illustration(
        "examples_per_class",
        "Fewer and more examples per class",
        "A model for each number of examples in memory, trained with so many and scored with so "
        "many of each of 8 characters. The NLL, and the parts of the expected −L_1: what is left "
        "to say about the pixels, and what z and the address carry. Dashed: what the paper prints "
        "for the fewest and the most examples, with K = 4; it does not say how many these are. "
        "Bars are one standard error, clustered by episode. How long each was trained, and on "
        "what, its card says.",
        png(examples_per_class(measured, SHOTS_RANGES, num_samples)),
    )


def show_all_characters(models: Sequence[ZooModel], num_samples: int) -> Illustration | None:
    """Figure 5B, or None without the rows for a curve."""
    curves = {
        shots: {examples: (row.value, row.stderr) for examples, row in found.items()}
        for shots, model in _of_shots(models, _SHOTS_OF_CURVES).items()
        if len(found := _by_examples(model, num_samples)) > 1
    }
    if not curves:
        return None
    from tfvma.figures.all_characters import all_characters
    from tfvma.figures.style import png

    row = _of_vae(models, num_samples)
    return Illustration(
        "all_characters",
        "All characters in memory, with more and more examples",
        "Every character of the test alphabets is in memory, with as many examples as the axis "
        "says; the targets are other drawings, the same ones for every number of examples, so that "
        "differences between these points are known better than the points. At 0 stands the VAE, "
        "which reads no memory, scored on other targets. Bands are one standard error, clustered "
        "by character, and the VAE's bar by episode.",
        png(
            all_characters(
                curves,
                (row.value, row.stderr) if row else None,
                row.paper if row else None,
                num_samples,
            )
        ),
    )


def _of_shots(models: Sequence[ZooModel], shots: Sequence[int]) -> dict[int, ZooModel]:
    """The models omniglot26_vma_1shot ... that there are, by their examples per class."""
    named = {model.name: model for model in models}
    names = {count: f"omniglot26_vma_{count}shot" for count in shots}
    return {count: named[name] for count, name in names.items() if name in named}


def _by_examples(model: ZooModel, num_samples: int) -> dict[int, Row]:
    """The NLL by the examples in memory; of several rows that with the most targets."""
    found: dict[int, Row] = {}
    for row in sorted(model.rows, key=lambda row: row.targets):
        setting = _ALL_CLASSES.fullmatch(row.protocol)
        if setting and (row.metric, row.num_samples) == ("nll", num_samples):
            found[int(setting[1])] = row
    return found


def _of_vae(models: Sequence[ZooModel], num_samples: int) -> Row | None:
    """It reads no memory: the characters in it change nothing."""
    protocol = f"{FewShot().name} {_DATA}"
    rows = [model.find(protocol, "nll", num_samples) for model in models if model.name == _VAE]
    return rows[0] if rows else None
