"""From a trained model to rows and figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

import tqdm

import tfvma
from tfvma.data.characters import CharacterSet
from tfvma.data.draw import Source
from tfvma.errors import InvalidArgumentError
from tfvma.evaluation.illustrations import (
    Illustration,
    show_address_histograms,
    show_kl_split,
    show_learning_curves,
    show_one_shot_samples,
    show_reconstructions,
)
from tfvma.evaluation.measure import amount, check_data, measure
from tfvma.evaluation.metrics_file import Row
from tfvma.evaluation.paper import paper_note, paper_value
from tfvma.evaluation.protocols import AnyProtocol
from tfvma.evaluation.trained_model import TrainedModel

# Seconds between two updates where nobody watches the bar move.
_UNWATCHED = 30.0


def evaluate(
    model: TrainedModel,
    characters: Source,
    protocols: Sequence[AnyProtocol],
    *,
    seed: int,
    command: str,
    progress: TextIO | None = None,
) -> list[Row]:
    """Measures `model` on each protocol.

    Args:
      model: what is scored.
      characters: what episodes are drawn from, or images.
      protocols: what is measured.
      seed: of episodes and samples.
      command: what the rows give as the command to repeat them.
      progress: where a bar with the time left is shown, or None.

    Raises DataError where characters are too few for a protocol, DivergedError where a
    bound is not finite.
    """
    _check_source(model.config.model.image_size, protocols, characters)
    rows = []
    for protocol in protocols:
        total, unit = amount(protocol, characters)
        with tqdm.tqdm(
            total=total,
            desc=protocol.name,
            unit=unit,
            file=progress,
            disable=progress is None,
            mininterval=0.1 if progress is not None and progress.isatty() else _UNWATCHED,
            dynamic_ncols=True,
        ) as bar:
            measurements = measure(model.scorer, protocol, characters, seed, bar.update)
        rows += [
            Row(
                protocol=f"{protocol.name} {characters.name}/{characters.split}",
                metric=measured.metric,
                value=measured.estimate.mean,
                stderr=measured.estimate.stderr,
                num_samples=measured.num_samples,
                targets=measured.targets,
                steps=model.steps,
                minutes=model.minutes,
                version=tfvma.__version__,
                seed=seed,
                paper=paper_value(protocol, characters.name, characters.split, measured.metric),
                command=command,
                note=paper_note(protocol, characters.name, characters.split, measured.metric),
            )
            for measured in measurements
        ]
    return rows


def illustrate(
    model: TrainedModel, characters: CharacterSet, rows: Sequence[Row], seed: int
) -> list[Illustration]:
    """All figures that can be made: the KL split needs few-shot rows, curves need a log."""
    split = _kl_split(rows)
    curves = (
        [show_learning_curves(model.log, model.config.training.num_samples)] if model.log else []
    )
    return [
        show_one_shot_samples(model.scorer, characters, seed),
        *show_address_histograms(model.scorer, characters, seed),
        show_reconstructions(model.scorer, characters, seed),
        *([split] if split else []),
        *curves,
    ]


def _kl_split(rows: Sequence[Row]) -> Illustration | None:
    """Of the first protocol that has a bound; averages over samples are those at its largest K."""
    bounds = [row for row in rows if row.metric == "nll"]
    if not bounds:
        return None
    protocol = bounds[0].protocol
    nll = {row.num_samples: row.value for row in bounds if row.protocol == protocol}
    values = {(row.metric, row.num_samples): row.value for row in rows if row.protocol == protocol}
    largest = max(nll)
    return show_kl_split(
        protocol,
        values["reconstruction", largest],
        values["kl_z", largest],
        values["kl_a", None],
        nll,
    )


def _check_source(model_size: int, protocols: Sequence[AnyProtocol], characters: Source) -> None:
    """Raises a TfvmaError where `characters` do not fit the model or are too few."""
    if characters.image_shape != (model_size, model_size, 1):
        raise InvalidArgumentError(
            f"dataset={characters.name!r}: expected images of {model_size}x{model_size} pixels, "
            f"for which the model was made, got {characters.image_shape[:2]}."
        )
    for protocol in protocols:
        check_data(protocol, characters)
