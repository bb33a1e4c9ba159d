"""A page that shows what was measured: one HTML file that needs nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from tfvma.config import Config, options
from tfvma.errors import OutputError
from tfvma.evaluation.illustration import Illustration
from tfvma.evaluation.metrics_file import Row
from tfvma.evaluation.report_parts import (
    EXPLANATION,
    figure_section,
    page,
    rows_table,
    summary,
)
from tfvma.evaluation.table import first_bounds, value_of
from tfvma.kinds import Kind
from tfvma.training.atomic import replacing


@dataclass(frozen=True)
class Report:
    """What the page is made of.

    Attributes:
      config: of the model.
      kind: what it is.
      steps, minutes: of training, None where not known.
      rows: all that was measured.
      illustrations: in the order in which they are shown.
    """

    config: Config
    kind: Kind
    steps: int | None
    minutes: float | None
    rows: Sequence[Row]
    illustrations: Sequence[Illustration]


def write_report(folder: str | os.PathLike, report: Report) -> Path:
    """Writes `folder`/index.html, and the figures as files under `folder`/figures.

    Returns the page's path. Raises OutputError where that is not possible.
    """
    folder = Path(folder)
    path = folder / "index.html"
    try:
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        for illustration in report.illustrations:
            with replacing(folder / "figures" / f"{illustration.name}.png") as beside:
                beside.write_bytes(illustration.image)
        with replacing(path) as beside:
            beside.write_text(render(report), encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"report={str(folder)!r}: expected a folder that can be written to ({error.strerror})."
        ) from error
    return path


def render(report: Report) -> str:
    """The page as HTML."""
    title = report.config.name
    words = summary(report.config, report.kind, report.steps, report.minutes)
    return page(
        title,
        f"""<header>
<h1>{escape(title)}</h1>
<p>{words}</p>
{_tiles(report.rows)}
</header>
<section>
<h2>Results</h2>
{rows_table(report.rows)}
{EXPLANATION}
</section>
{"".join(figure_section(illustration) for illustration in report.illustrations)}
<section>
<h2>How it was measured</h2>
{_commands(report.rows)}
{_settings(report.config)}
</section>""",
    )


def _tiles(rows: Sequence[Row]) -> str:
    """The figures one looks for first: the first of the bounds at its largest K, and accuracies."""
    first = first_bounds(rows)
    shown = [max(first, key=lambda row: row.num_samples)] if first else []
    # The same of q(a | x) is measured again beside every importance-weighted accuracy.
    shown += [
        row
        for row in rows
        if (row.metric, row.protocol.partition(" ")[0])
        in (("accuracy", "classification"), ("accuracy_iw", "classification_iw"))
    ]
    tiles = [
        f"<li><b>{escape(value_of(row, digits=1))}</b><span>{escape(_tile_name(row))}</span></li>"
        for row in shown
    ]
    return f'<ul class="tiles">{"".join(tiles)}</ul>' if tiles else ""


def _tile_name(row: Row) -> str:
    if row.metric == "nll":
        return f"nats per image, NLL at K = {row.num_samples:,}, {row.protocol}"
    name = " ".join(row.protocol.split()[1:3])
    return name if row.metric == "accuracy" else f"{name}, importance-weighted"


def _commands(rows: Iterable[Row]) -> str:
    commands = dict.fromkeys(row.command for row in rows)
    return "".join(f"<pre>{escape(command)}</pre>" for command in commands)


def _settings(config: Config) -> str:
    cells = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(_setting(value))}</td></tr>"
        for name, value in options(config).items()
    )
    return f"""<details><summary>Settings of the model and its training</summary>
<table class="settings"><tbody>{cells}</tbody></table></details>"""


def _setting(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)
