"""Columns of tables in which bounds and their parts stand side by side."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from tfvma.evaluation.metrics_file import Row
from tfvma.evaluation.table import metric_name

# In the order of the columns.
_METRICS = ("nll", "kl_a", "kl_z", "address_accuracy")
_SPLITS = ("", "train", "test")


class BoundColumn(NamedTuple):
    """A metric of a split, at a K where it has one.

    Attributes:
      metric: its name in rows.
      split: "train", "test", or "" where the whole table is of one.
      num_samples: K, or None.
    """

    metric: str
    split: str
    num_samples: int | None

    @property
    def title(self) -> str:
        """What stands above it."""
        split = f", {self.split}" if self.split else ""
        samples = "" if self.num_samples is None else f", K = {self.num_samples:,}"
        return metric_name(self.metric) + split + samples

    @property
    def order(self) -> tuple[int, int, int]:
        """What columns are sorted by."""
        return _METRICS.index(self.metric), _SPLITS.index(self.split), self.num_samples or 0


def column_of(row: Row, split: str = "") -> BoundColumn | None:
    """Where a row belongs; None where in none of these columns."""
    return BoundColumn(row.metric, split, row.num_samples) if row.metric in _METRICS else None


def in_order(found: Collection[BoundColumn]) -> list[BoundColumn]:
    """The columns as they are read, KL(z), which hardly depends on K, at the smallest K alone."""
    counts = [column.num_samples for column in found if column.metric == "kl_z"]
    smallest = min(counts, default=None)
    kept = {column for column in found if column.metric != "kl_z" or column.num_samples == smallest}
    return sorted(kept, key=lambda column: column.order)
