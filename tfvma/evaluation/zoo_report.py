"""A page of all models, with everything that was measured on them.

    python -m tfvma.evaluation.zoo_report OUT

writes OUT/index.html, which needs nothing but itself. It is made from the configurations,
metrics files and logs in savedmodels/. Where OUT/NAME/index.html is the report of a model, made by
`evaluate.py savedmodels/NAME --report OUT/NAME`, the page links to it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from tfvma.errors import OutputError, TfvmaError
from tfvma.evaluation.illustration import Illustration
from tfvma.evaluation.in_short import in_short
from tfvma.evaluation.log_illustration import show_learning_curves
from tfvma.evaluation.metrics_file import Row
from tfvma.evaluation.report_parts import (
    EXPLANATION,
    figure,
    figure_section,
    grid_table,
    page,
    rows_table,
    summary,
)
from tfvma.evaluation.row_illustrations import illustrate_rows
from tfvma.evaluation.summary import section_grids
from tfvma.evaluation.table import NONE, cells_of, first_bound, training_of
from tfvma.evaluation.table1_grid import split_table1, table1_grids
from tfvma.evaluation.zoo import ZooModel, read_zoo
from tfvma.evaluation.zoo_figures import illustrate_zoo
from tfvma.evaluation.zoo_options import parser
from tfvma.validation import check_at_least, check_writable


def write_zoo_report(
    folder: Path, models: Sequence[ZooModel], illustrations: Sequence[Illustration]
) -> Path:
    """Writes `folder`/index.html and returns its path.

    Args:
      folder: where it is written; links are relative to it.
      models: what is shown, in this order.
      illustrations: figures over several models.

    Raises OutputError where it cannot be written.
    """
    from tfvma.training.atomic import replacing

    path = folder / "index.html"
    try:
        with replacing(path) as beside:
            beside.write_text(render(folder, models, illustrations), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"OUT={str(folder)!r}: cannot be written ({error.strerror}).") from error
    return path


def render(folder: Path, models: Sequence[ZooModel], illustrations: Sequence[Illustration]) -> str:
    """The page as HTML; arguments as in `write_zoo_report`."""
    return page(
        "tfvma: all models",
        f"""<header>
<h1>All models</h1>
<p>What was measured on the models of the zoo, beside what the paper prints. Every figure comes from
the metrics.json of its model, which evaluate.py writes.</p>
</header>
{_in_short(models)}
<section>
<h2>Each model</h2>
<p>The first of its bounds at the smallest K; below are all that were measured.</p>
{_overview(models)}
{EXPLANATION}
</section>
{_side_by_side(models)}
{"".join(figure_section(illustration) for illustration in illustrations)}
{"".join(_model(folder, model) for model in models)}""",
    )


def _in_short(models: Sequence[ZooModel]) -> str:
    """The main figures beside the paper's, where there are some."""
    grid = in_short(models)
    if grid is None:
        return ""
    lines = "".join(f"<tr>{_in_short_cells(*cells)}</tr>" for cells in grid.lines)
    return f"""<section>
<h2>In short</h2>
<div class="wide"><table>
<thead><tr><th></th><th>the paper</th><th>here</th></tr></thead>
<tbody>{lines}</tbody>
</table></div>
<div class="small"><p>{escape(grid.below)}</p></div>
</section>"""


def _in_short_cells(
    what: str,
    paper: str,
    ours: str,
    num_samples: str,
    targets: str,
    steps: str,
    minutes: str,
    model: str,
    differs: str,
) -> str:
    """A line of `in_short` in three cells, so that it fits a phone."""
    how = f"{targets} targets" if num_samples == NONE else f"K = {num_samples}, {targets} targets"
    trained = f"{model}, {steps} steps, {minutes} minutes"
    marked = () if differs == NONE else (f"differs: {differs}",)
    small = _small((how, trained, *marked))
    words = (f"{escape(what)}{small}", escape(paper))
    return "".join(f'<td class="words">{cell}</td>' for cell in words) + f"<td>{ours}</td>"


def _side_by_side(models: Sequence[ZooModel]) -> str:
    """Tables of what was measured on several models in the same way, where there are some."""
    parts = "".join(
        f"<h3>{escape(title)}</h3>\n{''.join(map(grid_table, grids))}"
        for title, grids in section_grids(models)
    )
    return f"<section>\n<h2>Side by side</h2>\n{parts}\n</section>" if parts else ""


def _overview(models: Sequence[ZooModel]) -> str:
    """A line for each model: the first of its bounds at the smallest K."""
    lines = "".join(f"<tr>{_overview_cells(model)}</tr>" for model in models)
    return f"""<div class="wide"><table>
<thead><tr><th>model</th><th>NLL</th><th>paper</th><th>K</th></tr></thead>
<tbody>{lines}</tbody>
</table></div>"""


def _overview_cells(model: ZooModel) -> str:
    row = first_bound(model.rows)
    how, cells = ("not measured yet",), [NONE] * 3
    if row is not None:
        how, cells = (row.protocol, _training(row)), cells_of(row)[:3]
    name = escape(model.name)
    first = f'<a href="#{name}">{name}</a>{_small(how)}'
    return "".join(f"<td>{cell}</td>" for cell in (first, *map(escape, cells)))


def _training(row: Row) -> str:
    steps, minutes = training_of(row)
    return f"{steps} steps, {minutes} minutes"


def _model(folder: Path, model: ZooModel) -> str:
    latest = model.rows[-1] if model.rows else None
    steps, minutes = (latest.steps, latest.minutes) if latest else (None, None)
    results = _folded_rows(model) if model.rows else "<p>Not measured yet.</p>"
    tables = "".join(map(grid_table, table1_grids(split_table1(model.rows)[1])))
    figures = "".join(map(_folded, (*illustrate_rows(model.rows), *_curves(model))))
    return f"""<section id="{escape(model.name)}">
<h2>{escape(model.name)}</h2>
<p>{summary(model.config, model.kind, steps, minutes)}</p>
{_links(folder, model)}
{results}
{tables}
{figures}
</section>
"""


def _folded_rows(model: ZooModel) -> str:
    """All rows, folded away below the one that the overview shows."""
    words = f"{model.name}: {len(model.rows):,} results"
    row = first_bound(model.rows)
    if row is not None:
        words += f", NLL {cells_of(row)[0]} at K = {row.num_samples:,}"
    table = rows_table(model.rows, _how)
    return f"<details><summary>{escape(words)}</summary>{table}</details>"


def _curves(model: ZooModel) -> list[Illustration]:
    """Of the last stage, where its log was kept."""
    start = model.config.training.start_from
    title = "Learning curves of the last stage" if start else "Learning curves"
    log = model.logs.get(model.version, ())
    curves = show_learning_curves(log, model.config, title=title, started_from=start)
    return [curves] if curves else []


def _folded(illustration: Illustration) -> str:
    """A figure folded away, so that tables of models can be compared."""
    title = escape(illustration.title)
    return f"<details><summary>{title}</summary>{figure(illustration)}</details>"


def _how(rows: Sequence[Row]) -> str:
    """Training and commands of the rows of one protocol."""
    trained = dict.fromkeys(_training(row) for row in rows)
    commands = dict.fromkeys(f"{row.command}, seed {row.seed}" for row in rows)
    return _small((*trained, *commands))


def _small(lines: Iterable[str]) -> str:
    return "".join(f"<small>{escape(line)}</small>" for line in lines)


def _links(folder: Path, model: ZooModel) -> str:
    """To the model's own report and card, where they are."""
    targets = {
        "report with figures": folder / model.name / "index.html",
        "model card": model.home / "README.md",
    }
    links = [
        f'<a href="{escape(_relative(target, folder))}">{words}</a>'
        for words, target in targets.items()
        if target.is_file()
    ]
    return f'<p class="links">{"".join(links)}</p>' if links else ""


def _relative(target: Path, folder: Path) -> str:
    return quote(Path(os.path.relpath(target.resolve(), folder.resolve())).as_posix())


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns 0, or 2 for an error."""
    parsed = parser("tfvma.evaluation.zoo_report", __doc__).parse_args(arguments)
    try:
        check_at_least("--num-samples", parsed.num_samples, 1)
        models = read_zoo(parsed.savedmodels)
        illustrations = illustrate_zoo(models, parsed.num_samples)
        print(write_zoo_report(check_writable("OUT", parsed.out), models, illustrations))
    except TfvmaError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
