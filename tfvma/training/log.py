"""log.csv: the figures of a run, each step once, however often it was resumed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from tfvma.training.atomic import replacing


class CsvLog:
    """Appends rows to a CSV file.

    Args:
        path: the file.
        columns: its columns, "step" among them; a row leaves empty what it lacks.
        step: rows after this step are dropped, since these steps are trained again.
    """

    def __init__(self, path: Path, columns: Sequence[str], step: int):
        self._path = path
        self._columns = columns
        kept = [row for row in read_log(path) if row["step"] <= step]
        with replacing(path) as beside:
            beside.write_text(_text(columns, kept), encoding="utf-8")

    def __call__(self, row: dict[str, float]) -> None:
        # One write of one line; where even that is cut short, `read_log` passes it over.
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_line(self._columns, row))


def copy_log(source: Path, target: Path, step: float) -> None:
    """Copies the rows of a log.csv up to a step."""
    rows = [row for row in read_log(source) if row["step"] <= step]
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    target.write_text(_text(columns, rows), encoding="utf-8")


def _text(columns: Sequence[str], rows: Iterable[dict[str, float]]) -> str:
    return ",".join(columns) + "\n" + "".join(_line(columns, row) for row in rows)


def _line(columns: Sequence[str], row: dict[str, float]) -> str:
    line = io.StringIO()
    writer = csv.DictWriter(line, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writerow({name: f"{value:.7g}" for name, value in row.items()} | _step(row))
    return line.getvalue()


def _step(row: dict[str, float]) -> dict[str, int]:
    return {"step": int(row["step"])}


def read_log(path: Path) -> list[dict[str, float]]:
    """The rows of a log.csv; empty cells are left out, and so are lines that are not whole."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8", errors="replace")
    whole = text[: text.rfind("\n") + 1]
    header, *lines = csv.reader(io.StringIO(whole)) if whole else [[]]
    rows = []
    for cells in lines:
        if len(cells) != len(header):
            continue
        try:
            row = {name: float(cell) for name, cell in zip(header, cells, strict=True) if cell}
        except ValueError:
            continue
        if "step" in row:
            rows.append(row | _step(row))
    return rows
