"""What the paper's main figures are here, in one short table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from statistics import fmean
from typing import NamedTuple

from tfvma.evaluation.departures import departures, legend, marks
from tfvma.evaluation.grid import Grid
from tfvma.evaluation.metrics_file import Row
from tfvma.evaluation.paper import BEST_NLL, SHOTS_RANGES
from tfvma.evaluation.paper_learned28 import learned28_words
from tfvma.evaluation.protocols import WAYS, WAYS_SHOTS
from tfvma.evaluation.table import full_cells
from tfvma.evaluation.table1_grid import split_table1
from tfvma.evaluation.zoo import ZooModel

_FEWEST, _MOST = SHOTS_RANGES["nll"]


class _Figure(NamedTuple):
    """One line: which row of which model it is, and what the paper has where the row does not."""

    what: str
    model: str
    protocol: str
    metric: str
    num_samples: int | None
    paper: str = ""


_FIGURES = (
    _Figure(
        "recall of one of 256 images of MNIST, NLL",
        "mnist_recall256",
        "recall M=256 binarized_mnist/test",
        "nll",
        1_000,
    ),
    _Figure(
        "MNIST, 256 learned slots, KL(a)",
        "mnist_learned256",
        "nll binarized_mnist/test",
        "kl_a",
        None,
    ),
    _Figure(
        "Omniglot 28x28, 256 learned slots, NLL",
        "omniglot28_learned256",
        "nll omniglot28/test",
        "nll",
        5_000,
    ),
    _Figure(
        "Omniglot 28x28, 2,048 learned slots, not regularised, training NLL",
        "omniglot28_static_learned2048",
        "nll omniglot28_static/train",
        "nll",
        4,
        learned28_words(2_048, "train", "nll"),
    ),
    _Figure(
        "the same model, test NLL",
        "omniglot28_static_learned2048",
        "nll omniglot28_static/test",
        "nll",
        4,
        learned28_words(2_048, "test", "nll"),
    ),
    _Figure("VAE, NLL", "omniglot26_vae", "few_shot C=8 S=4 omniglot26/test", "nll", 4),
    _Figure(
        "the same, trained for longer and on more drawings, NLL",
        "omniglot26_vae_augmented",
        "few_shot C=8 S=4 omniglot26/test",
        "nll",
        4,
    ),
    _Figure(
        "soft attention, 16 examples of 2 characters, NLL",
        "omniglot26_soft",
        "few_shot C=2 S=16 omniglot26/test",
        "nll",
        4,
    ),
    _Figure(
        "few-shot, fewest examples (here 1), NLL",
        "omniglot26_vma_1shot",
        "few_shot C=8 S=1 omniglot26/test",
        "nll",
        4,
        f"{_FEWEST:g}",
    ),
    _Figure(
        "the same with one key for entries and queries, NLL",
        "omniglot26_vma_1shot_tied",
        "few_shot C=8 S=1 omniglot26/test",
        "nll",
        4,
    ),
    _Figure(
        "few-shot, 4 examples, from scratch in one run, NLL",
        "omniglot26_vma_4shot_augmented",
        "few_shot C=8 S=4 omniglot26/test",
        "nll",
        4,
        f"{_FEWEST:g} to {_MOST:g}",
    ),
    _Figure(
        "few-shot, most examples (here 16), NLL",
        "omniglot26_vma_16shot",
        "few_shot C=8 S=16 omniglot26/test",
        "nll",
        4,
        f"{_MOST:g}, best {BEST_NLL:g}",
    ),
    *(
        _Figure(
            f"{ways}-way {shots}-shot accuracy by q(a|x)",
            "omniglot26_vma_1shot_tied",
            f"classification {ways}-way {shots}-shot omniglot26/test",
            "accuracy",
            None,
        )
        for ways, shots in product(WAYS, WAYS_SHOTS)
    ),
)
_TABLE1 = ("gmn_vma", "gmn_vma_large")
_COLUMNS = ("", "the paper", "here", "K", "targets", "steps", "minutes", "model", "differs")


def in_short(models: Sequence[ZooModel]) -> Grid | None:
    """A line for each of the figures whose row is there, and below what in each model is not as in
    the paper; None where there is none."""
    named = {model.name: model for model in models}
    lines: list[tuple[str, Sequence[str]]] = [
        (figure.model, _cells(figure, row))
        for figure in _FIGURES
        if (row := _find(named, figure)) is not None
    ]
    for name in _TABLE1:
        if name in named and (cells := _table1(split_table1(named[name].rows)[1])):
            lines.append((name, cells))
    if not lines:
        return None
    found = {name: departures(named[name]) for name, _ in lines}
    words = legend(departure for each in found.values() for departure in each)
    return Grid(
        _COLUMNS,
        "lrrrrrrll",
        [[*cells, name, marks(found[name])] for name, cells in lines],
        below=f"What differs from the paper: {words}." if words else "",
    )


def in_short_table(models: Sequence[ZooModel]) -> str:
    """`in_short` in Markdown; "" where there is nothing."""
    grid = in_short(models)
    return grid.markdown() if grid else ""


def _find(named: Mapping[str, ZooModel], figure: _Figure) -> Row | None:
    if figure.model not in named:
        return None
    return named[figure.model].find(figure.protocol, figure.metric, figure.num_samples)


def _cells(figure: _Figure, row: Row) -> list[str]:
    _, _, value, paper, *others = full_cells(row)
    return [figure.what, figure.paper or paper, value, *others]


def _table1(rows: Sequence[Row]) -> list[str]:
    """The mean over the cells of table 1 that the paper has too; none without them.

    Cells share targets. However they are correlated, the error of a mean is at most the mean
    of the errors, which is what is given.
    """
    printed = [row for row in rows if row.metric == "nll" and row.paper is not None]
    if not printed:
        return []
    paper, ours, error = (
        fmean(getattr(row, name) for row in printed) for name in ("paper", "value", "stderr")
    )
    what = f"table 1, NLL, mean of {len(printed)} cells of so many targets each"
    cells = full_cells(min(printed, key=lambda row: row.targets))[4:]
    return [what, f"{paper:.2f}", f"{ours:.2f} ± {error:.2f}", *cells]
