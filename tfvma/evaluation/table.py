"""Rows as people read them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tfvma.evaluation.metrics_file import Row

_NAMES = {
    "nll": "NLL",
    "kl_a": "KL(a)",
    "entropy_pa": "entropy of p(a)",
    "kl_z": "KL(z)",
    "reconstruction": "reconstruction",
    "address_accuracy": "address accuracy",
    "accuracy": "accuracy",
    "accuracy_iw": "accuracy (importance-weighted)",
    "nll_known": "NLL, class in memory",
    "nll_unknown": "NLL, class not in memory",
    "kl_a_known": "KL(a), class in memory",
    "kl_a_unknown": "KL(a), class not in memory",
    "entropy_qa_known": "entropy of q(a|x), class in memory",
    "entropy_qa_unknown": "entropy of q(a|x), class not in memory",
    "auc": "ROC area of the bound",
    "auc_entropy": "ROC area of the entropy of q(a|x)",
}
_FRACTIONS = ("address_accuracy", "accuracy", "accuracy_iw")
# Between 1/2 and 1: two digits are too few.
_AREAS = ("auc", "auc_entropy")
# Where there is nothing.
NONE = "–"
_FIRST_PROTOCOLS = ("few_shot", "nll", "recall")


def by_protocol(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Rows of each protocol, in the order in which one reads them."""
    order = list(_NAMES)
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.protocol, []).append(row)
    return [
        (
            protocol,
            sorted(group, key=lambda row: (order.index(row.metric), row.num_samples or 0)),
        )
        for protocol, group in groups.items()
    ]


def first_bounds(rows: Sequence[Row]) -> list[Row]:
    """The NLL at each K of the protocol that one looks for first: on the test split where there is
    one, and with a few characters, or with all images, before others."""
    bounds = [row for row in rows if row.metric == "nll"]
    first = min((row.protocol for row in bounds), key=_looked_for, default=None)
    return [row for row in bounds if row.protocol == first]


def first_bound(rows: Sequence[Row]) -> Row | None:
    """That of the `first_bounds` at the smallest K, or None."""
    return min(first_bounds(rows), key=lambda row: row.num_samples, default=None)


def _looked_for(protocol: str) -> tuple[bool, bool]:
    # Of those that are alike the first that was measured.
    return not protocol.endswith("/test"), protocol.partition(" ")[0] not in _FIRST_PROTOCOLS


def metric_name(metric: str) -> str:
    """What a metric is called in tables."""
    return _NAMES[metric]


def value_of(row: Row, digits: int = 2) -> str:
    """Mean ± standard error; nats with so many digits, percent for accuracies, areas."""
    if row.metric in _FRACTIONS:
        return f"{100 * row.value:.1f} ± {100 * row.stderr:.1f} %"
    digits = 3 if row.metric in _AREAS else digits
    return f"{row.value:.{digits}f} ± {row.stderr:.{digits}f}".replace("-", "−")


def paper_of(row: Row | None) -> str:
    """What the paper prints, if anything."""
    if row is None or row.paper is None:
        return NONE
    # Nats are printed with one digit at least: 83.0.
    return f"{100 * row.paper:g} %" if row.metric in _FRACTIONS else str(float(row.paper))


def cells_of(row: Row) -> tuple[str, str, str, str]:
    """Ours, the paper's, K and the number of targets."""
    return (
        value_of(row),
        paper_of(row),
        NONE if row.num_samples is None else f"{row.num_samples:,}",
        f"{row.targets:,}",
    )


def training_of(row: Row) -> tuple[str, str]:
    """Steps and minutes of training."""
    steps, minutes = (
        NONE if value is None else f"{value:,.0f}" for value in (row.steps, row.minutes)
    )
    return steps, minutes


def targets_of(rows: Iterable[Row]) -> str:
    """How many targets these have, or from how many to how many."""
    counts = [row.targets for row in rows]
    return " to ".join(f"{count:,}" for count in sorted({min(counts), max(counts)}))


def split_rows(rows: Iterable[Row], protocol: re.Pattern[str]) -> tuple[list[Row], list[Row]]:
    """The rows of other protocols, and those of this one."""
    others, own = [], []
    for row in rows:
        (own if protocol.fullmatch(row.protocol) else others).append(row)
    return others, own


def markdown_line(cells: Iterable[str]) -> str:
    """A line of a Markdown table, in which q(a|x) does not end a cell."""
    escaped = (cell.replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def full_cells(row: Row) -> tuple[str, ...]:
    """Protocol and metric, what `cells_of` gives, and steps and minutes of training."""
    return row.protocol, metric_name(row.metric), *cells_of(row), *training_of(row)


def format_table(rows: Sequence[Row]) -> str:
    """A table for a terminal."""
    header = ("", "ours", "paper", "K", "targets")
    groups = [
        (protocol, [(f"  {metric_name(row.metric)}", *cells_of(row)) for row in group])
        for protocol, group in by_protocol(rows)
    ]
    lines = [header, *(line for _, group in groups for line in group)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]

    def text(line: Sequence[str]) -> str:
        first, *others = line
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        return "  ".join([first.ljust(widths[0]), *cells])

    return "\n".join(
        [text(header), *(part for name, group in groups for part in (name, *map(text, group)))]
    )
