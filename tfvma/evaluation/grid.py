"""Tables whose cells are text already, for pages in Markdown and in HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tfvma.evaluation.table import markdown_line


class Grid(NamedTuple):
    """Lines of cells.

    Attributes:
      columns: their titles.
      alignment: "l" or "r" for each column.
      lines: as many cells each as there are columns.
      heading: a line above that says what it is, or "".
      below: what has to be known to read it, or "".
    """

    columns: Sequence[str]
    alignment: str
    lines: Sequence[Sequence[str]]
    heading: str = ""
    below: str = ""

    def markdown(self) -> str:
        """The table with what stands above and below it."""
        rules = ["---:" if side == "r" else "---" for side in self.alignment]
        table = map(markdown_line, (self.columns, rules, *self.lines))
        above = [self.heading, ""] if self.heading else []
        return "\n".join([*above, *table, *(["", self.below] if self.below else [])])
