"""From a trained model to rows and figures."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TextIO

import tqdm

import tfvma
from tfvma.data.characters import CharacterSet
from tfvma.data.draw import Source
from tfvma.errors import InvalidArgumentError
from tfvma.evaluation.applicable import check_applicable
from tfvma.evaluation.illustration import Illustration
from tfvma.evaluation.illustrations import (
    show_absent_histogram,
    show_address_histograms,
    show_reconstructions,
    show_samples,
    show_unknown_class,
)
from tfvma.evaluation.log_illustration import show_learning_curves
from tfvma.evaluation.measure import amount, check_data, measure
from tfvma.evaluation.measurement import Measurement
from tfvma.evaluation.metrics_file import Row
from tfvma.evaluation.overlap import overlap_note
from tfvma.evaluation.paper import paper_note, paper_value
from tfvma.evaluation.paper_baselines import baseline_note, baseline_value
from tfvma.evaluation.paper_learned28 import LEARNED28_DATASETS, learned28_note, learned28_value
from tfvma.evaluation.paper_table1 import table1_note, table1_value
from tfvma.evaluation.protocols import AnyProtocol, Nll, Table1, UnknownClass
from tfvma.evaluation.row_illustrations import illustrate_rows
from tfvma.evaluation.scored_terms import reads_labels
from tfvma.evaluation.scorer import AddressScorer, Scorer
from tfvma.evaluation.trained_model import TrainedModel
from tfvma.kinds import kind_of

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
    keep: Callable[[Sequence[Row]], object] = lambda rows: None,
) -> list[Row]:
    """Measures `model` on each protocol.

    Args:
      model: what is scored.
      characters: what episodes are drawn from, or images.
      protocols: what is measured.
      seed: of episodes and samples.
      command: what the rows give as the command to repeat them.
      progress: where a bar with the time left is shown, or None.
      keep: called with the rows of each protocol as soon as it is done.

    Raises InvalidArgumentError for a protocol that asks for more than the model has, DataError
    where characters are too few for one, DivergedError where a bound is not finite.
    """
    check_applicable(protocols, model.scorer)
    _check_source(model.config.model.image_size, protocols, characters)
    trained = model.config.episodes.dataset
    overlap = overlap_note(trained, characters.name, characters.split)
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
        own = [
            _row(model, protocol, characters, measured, seed, command, overlap)
            for measured in measurements
        ]
        keep(own)
        rows += own
    return rows


def _row(
    model: TrainedModel,
    protocol: AnyProtocol,
    characters: Source,
    measured: Measurement,
    seed: int,
    command: str,
    overlap: str,
) -> Row:
    paper, note = _printed(model, protocol, characters, measured)
    return Row(
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
        paper=paper,
        command=command,
        note="; ".join(part for part in (note, overlap) if part),
        sharpened_for=model.trained.sharpened_for,
    )


def _printed(
    model: TrainedModel, protocol: AnyProtocol, characters: Source, measured: Measurement
) -> tuple[float | None, str]:
    """The paper's figure for this setting, and what has to be known to read it."""
    scorer = model.scorer
    setting = (protocol, characters.name, characters.split, measured.metric)
    if reads_labels(scorer) and isinstance(protocol, Table1):
        value = table1_value(*setting, measured.num_samples)
        return value, table1_note(value)
    if characters.name in LEARNED28_DATASETS:
        learned = (model.config.model.memory_size, *setting)
        return learned28_value(*learned, measured.num_samples), learned28_note(*learned)
    if reads_labels(scorer) or isinstance(protocol, Nll):
        return paper_value(*setting), paper_note(*setting)
    kind = kind_of(scorer)
    value = baseline_value(kind, *setting, measured.num_samples)
    return value, baseline_note(kind, value)


def illustrate(
    model: TrainedModel, source: Source, rows: Sequence[Row], seed: int
) -> list[Illustration]:
    """All figures that can be made: the KL split needs few-shot rows, curves need a log,
    histograms an address in a memory of drawings, and some rows of their own protocol."""
    scorer = model.scorer
    of_characters = isinstance(source, CharacterSet)
    histograms = (
        _address_histograms(scorer, source, seed) if of_characters and reads_labels(scorer) else []
    )
    curves = show_learning_curves(
        model.log, model.config, started_from=model.config.training.start_from
    )
    return [
        show_samples(scorer, source, seed),
        *histograms,
        show_reconstructions(scorer, source, seed),
        *illustrate_rows(rows),
        *(_unknown_class(scorer, source, rows) if of_characters else []),
        *([curves] if curves else []),
    ]


def _address_histograms(
    scorer: AddressScorer, characters: CharacterSet, seed: int
) -> list[Illustration]:
    """A right and a wrong inference, and one that cannot be right."""
    absent = show_absent_histogram(scorer, characters, seed)
    return [*show_address_histograms(scorer, characters, seed), *([absent] if absent else [])]


def _unknown_class(
    scorer: Scorer, characters: CharacterSet, rows: Sequence[Row]
) -> list[Illustration]:
    """Of the first setting that was measured on `characters`, scored again, with its seed."""
    pattern = rf"unknown_class C=(\d+) S=(\d+) {characters.name}/{characters.split}"
    for row in rows:
        setting = re.fullmatch(pattern, row.protocol)
        if setting and row.metric == "nll_known":
            num_classes, shots = map(int, setting.groups())
            protocol = UnknownClass(num_classes, shots, row.targets, (row.num_samples,))
            return [show_unknown_class(scorer, protocol, characters, row.seed)]
    return []


def _check_source(model_size: int, protocols: Sequence[AnyProtocol], characters: Source) -> None:
    """Raises a TfvmaError where `characters` do not fit the model or are too few."""
    if characters.image_shape != (model_size, model_size, 1):
        raise InvalidArgumentError(
            f"dataset={characters.name!r}: expected images of {model_size}x{model_size} pixels, "
            f"for which the model was made, got {characters.image_shape[:2]}."
        )
    for protocol in protocols:
        check_data(protocol, characters)
