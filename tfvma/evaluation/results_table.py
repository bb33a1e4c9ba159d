"""The results table of a README, made from the metrics files of the committed models.

`python -m tfvma.evaluation.results_table README.md` writes it between its two marks.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tfvma.errors import InvalidArgumentError, TfvmaError
from tfvma.evaluation.metrics_file import Row
from tfvma.evaluation.table import by_protocol, cells_of, metric_name
from tfvma.evaluation.table1_grid import split_table1, table1_grids
from tfvma.evaluation.zoo import ZooModel, read_zoo
from tfvma.training_command import training_command

BEGIN = "<!-- results: made by python -m tfvma.evaluation.results_table README.md -->"
END = "<!-- end of results -->"


def results_table(savedmodels: Path) -> str:
    """Markdown with one table for each model of the zoo that was measured, by name, and the
    commands that train and score it; raises as `read_zoo` does."""
    return "\n\n".join(_model_table(model) for model in read_zoo(savedmodels) if model.rows)


def with_results(text: str, table: str) -> str:
    """`text` with `table` between its marks; raises InvalidArgumentError without marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InvalidArgumentError(f"README: expected the lines {BEGIN!r} and {END!r}.")
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def _model_table(model: ZooModel) -> str:
    rows = model.rows
    lines = [f"**{model.name}**"]
    listed, table1 = split_table1(rows)
    if listed:
        lines += [
            "",
            "| protocol | metric | ours | paper | K | targets | steps | minutes |",
            "|---|---|---:|---:|---:|---:|---:|---:|",
        ]
    for protocol, group in by_protocol(listed):
        for row in group:
            cells = (protocol, metric_name(row.metric), *cells_of(row), *_training(row))
            lines.append(f"| {' | '.join(cells)} |")
    for grid in table1_grids(table1):
        lines += ["", grid]
    notes = sorted({f"{metric_name(row.metric)}: {row.note}" for row in rows if row.note})
    commands = sorted({row.command for row in rows})
    lines += ["", *(f"* {note}" for note in notes)]
    lines.append(f"* `{training_command(model.config)}`")
    lines += [f"* `{command}`, seed {rows[0].seed}" for command in commands]
    return "\n".join(lines)


def _training(row: Row) -> tuple[str, str]:
    return tuple("–" if value is None else f"{value:,.0f}" for value in (row.steps, row.minutes))


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the table into the file named; returns the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if len(arguments) != 1:
        print("usage: python -m tfvma.evaluation.results_table README.md", file=sys.stderr)
        return 2
    readme = Path(arguments[0])
    try:
        text = with_results(readme.read_text(), results_table(readme.parent / "savedmodels"))
    except (TfvmaError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    beside = readme.with_name(f".{readme.name}.part")
    beside.write_text(text)
    beside.replace(readme)
    return 0


if __name__ == "__main__":
    sys.exit(main())
