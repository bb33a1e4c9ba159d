"""The results of all committed models, made from their metrics files.

`python -m tfvma.evaluation.results_table README.md` writes what matters most into README.md and
everything into docs/results.md beside it, each between two marks.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tfvma.errors import InvalidArgumentError, TfvmaError
from tfvma.evaluation.metrics_file import Row
from tfvma.evaluation.table import by_protocol, cells_of, metric_name
from tfvma.evaluation.table1_grid import split_table1, table1_grids
from tfvma.evaluation.zoo import ZooModel, read_zoo
from tfvma.training_command import training_command

BEGIN = "<!-- results: made by python -m tfvma.evaluation.results_table README.md -->"
END = "<!-- end of results -->"


def results_table(models: Iterable[ZooModel]) -> str:
    """Markdown with one table for each model that was measured, and the commands that train and
    score it."""
    return "\n\n".join(_model_table(model) for model in models if model.rows)


def results_summary(models: Iterable[ZooModel]) -> str:
    """Markdown with one table for all models: of each its first NLL, at the smallest K, what
    the paper prints a figure for, and classification by importance weights, for which it
    prints none; then the grids of table 1."""
    lines = [
        "| model | protocol | metric | ours | paper | K | targets | steps | minutes |",
        "|---|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    grids = []
    for model in models:
        listed, table1 = split_table1(model.rows)
        lines += [_line(row, model.name) for row in _most_important(listed)]
        grids += table1_grids(table1)
    return "\n\n".join(["\n".join(lines), *grids])


def _most_important(rows: Sequence[Row]) -> list[Row]:
    ordered = [row for _, group in by_protocol(rows) for row in group]
    bounds = [row for row in ordered if row.metric == "nll"][:1]
    return [
        row
        for row in ordered
        if row in bounds or row.paper is not None or row.metric == "accuracy_iw"
    ]


def _line(row: Row, *before: str) -> str:
    cells = (*before, row.protocol, metric_name(row.metric), *cells_of(row), *_training(row))
    return f"| {' | '.join(cells)} |"


def with_results(text: str, table: str) -> str:
    """`text` with `table` between its marks; raises InvalidArgumentError without marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InvalidArgumentError(f"expected the lines {BEGIN!r} and {END!r}.")
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
    lines += [_line(row) for _, group in by_protocol(listed) for row in group]
    for grid in table1_grids(table1):
        lines += ["", grid]
    notes = sorted({f"{metric_name(row.metric)}: {row.note}" for row in rows if row.note})
    commands = sorted({(row.command, row.seed) for row in rows})
    lines += ["", *(f"* {note}" for note in notes)]
    lines.append(f"* `{training_command(model.config)}`")
    lines += [f"* `{command}`, seed {seed}" for command, seed in commands]
    return "\n".join(lines)


def _training(row: Row) -> tuple[str, str]:
    return tuple("–" if value is None else f"{value:,.0f}" for value in (row.steps, row.minutes))


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes both tables; returns the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if len(arguments) != 1:
        print("usage: python -m tfvma.evaluation.results_table README.md", file=sys.stderr)
        return 2
    readme = Path(arguments[0])
    try:
        models = read_zoo(readme.parent / "savedmodels")
        texts = {
            path: with_results(path.read_text(), table(models))
            for path, table in (
                (readme, results_summary),
                (readme.parent / "docs" / "results.md", results_table),
            )
        }
    except (TfvmaError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    from tfvma.training.atomic import replacing

    for path, text in texts.items():
        with replacing(path) as beside:
            beside.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
