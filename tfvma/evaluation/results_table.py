"""The results of all committed models, made from their metrics files.

`python -m tfvma.evaluation.results_table README.md` writes the main figures into README.md, and
beside it what matters most of each experiment into docs/experiments.md, everything into
docs/results.md, and the commands of all stages into docs/stages.md, each between two marks.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tfvma.errors import InvalidArgumentError, TfvmaError
from tfvma.evaluation.in_short import in_short_table
from tfvma.evaluation.stages_table import stages_table
from tfvma.evaluation.summary import results_summary
from tfvma.evaluation.table import by_protocol, full_cells, markdown_line, metric_name
from tfvma.evaluation.table1_grid import split_table1, table1_grids
from tfvma.evaluation.zoo import ZooModel, read_zoo
from tfvma.training_command import training_command

BEGIN = "<!-- results: made by python -m tfvma.evaluation.results_table README.md -->"
END = "<!-- end of results -->"


def results_table(models: Iterable[ZooModel]) -> str:
    """Markdown with one table for each model that was measured, and the commands that train and
    score it."""
    return "\n\n".join(_model_table(model) for model in models if model.rows)


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
    lines += [markdown_line(full_cells(row)) for _, group in by_protocol(listed) for row in group]
    for grid in table1_grids(table1):
        lines += ["", grid.markdown()]
    notes = sorted({f"{metric_name(row.metric)}: {row.note}" for row in rows if row.note})
    commands = sorted({(row.command, row.seed) for row in rows})
    lines += ["", *(f"* {note}" for note in notes)]
    lines.append(f"* `{training_command(model.config)}`")
    lines += [f"* `{command}`, seed {seed}" for command, seed in commands]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes all four; returns the exit code."""
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
                (readme, in_short_table),
                (readme.parent / "docs" / "experiments.md", results_summary),
                (readme.parent / "docs" / "results.md", results_table),
                (readme.parent / "docs" / "stages.md", stages_table),
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
