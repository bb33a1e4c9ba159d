"""A page that shows what was measured: one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import tfvma
from tfvma.config import Config, options
from tfvma.errors import OutputError
from tfvma.evaluation.illustration import Illustration
from tfvma.evaluation.metrics_file import Row
from tfvma.evaluation.report_style import CSS
from tfvma.evaluation.table import by_protocol, cells_of, metric_name, value_of
from tfvma.kinds import Kind
from tfvma.trained_on import trained_on
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
    page = folder / "index.html"
    try:
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        for illustration in report.illustrations:
            with replacing(folder / "figures" / f"{illustration.name}.png") as beside:
                beside.write_bytes(illustration.image)
        with replacing(page) as beside:
            beside.write_text(render(report), encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"report={str(folder)!r}: expected a folder that can be written to ({error.strerror})."
        ) from error
    return page


def render(report: Report) -> str:
    """The page as HTML."""
    title = escape(report.config.name)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{CSS}</style>
</head>
<body>
<main>
<header>
<h1>{title}</h1>
<p>{_summary(report)}</p>
{_tiles(report.rows)}
</header>
<section>
<h2>Results</h2>
{_table(report.rows)}
</section>
{"".join(_figure(illustration) for illustration in report.illustrations)}
<section>
<h2>How it was measured</h2>
{_commands(report.rows)}
{_settings(report.config)}
</section>
<footer>tfvma {escape(tfvma.__version__)}. Paper: Bornschein, Mnih, Zoran, Rezende, “Variational
Memory Addressing in Generative Models”, NeurIPS 2017.</footer>
</main>
</body>
</html>
"""


def _summary(report: Report) -> str:
    training = "Trained"
    if report.steps is not None:
        training += f" for {report.steps:,} steps"
    if report.minutes is not None:
        training += f" ({_duration(report.minutes)})"
    episodes, kind = report.config.episodes, report.kind
    training += f" on {episodes.dataset}, {trained_on(report.config, kind)} in each step"
    unseen, named = "images", ""
    if episodes.kind == "few_shot":
        unseen = "characters of alphabets"
        if not kind.takes_memory:
            named = (
                " Rows with C and S are of the targets of such episodes, whose memory it does not "
                "read."
            )
    return escape(
        f"{_WHAT[kind.has_address, kind.takes_memory]} {training}; scored on {unseen} that it was "
        f"not trained on, unless a row says otherwise.{named}"
    )


# By has_address and takes_memory, which tell the kinds apart.
_WHAT = {
    (True, True): "A generative model that reads a memory of images by sampling an address.",
    (True, False): "A generative model that reads a learned memory by sampling an address.",
    (False, True): "A baseline: a generative model that reads a memory of images by soft "
    "attention.",
    (False, False): "A baseline: a variational autoencoder without a memory.",
}


def _duration(minutes: float) -> str:
    return f"{minutes:.1f} minutes" if minutes < 90 else f"{minutes / 60:.1f} hours"


def _tiles(rows: Sequence[Row]) -> str:
    """The figures one looks for first: the bound at the largest K, and accuracies."""
    bounds = [row for row in rows if row.metric == "nll"]
    shown = [max(bounds, key=lambda row: row.num_samples)] if bounds else []
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
        return f"nats per image, NLL at K = {row.num_samples:,}"
    name = " ".join(row.protocol.split()[1:3])
    return name if row.metric == "accuracy" else f"{name}, importance-weighted"


def _table(rows: Sequence[Row]) -> str:
    notes = dict.fromkeys(row.note for row in rows if row.note)
    marks = {note: mark for mark, note in enumerate(notes, start=1)}
    body = []
    for protocol, group in by_protocol(rows):
        body.append(f'<tr class="protocol"><th colspan="4">{escape(protocol)}</th></tr>')
        body += [_table_row(row, marks.get(row.note)) for row in group]
    explained = "".join(f"<p><sup>{mark}</sup> {escape(note)}.</p>" for note, mark in marks.items())
    return f"""<div class="wide"><table>
<thead><tr><th>measured</th><th>ours</th><th>paper</th><th>targets</th></tr></thead>
<tbody>{"".join(body)}</tbody>
</table></div>
<div class="small"><p>NLL = −L<sub>K</sub>, divergences and the reconstruction, log p(x | a, z), are
in nats per image; for NLL, lower is better. ± is one standard error, clustered by episode.
A dash: the paper prints no figure for this row.</p>{explained}</div>"""


def _table_row(row: Row, mark: int | None) -> str:
    ours, paper, num_samples, targets = map(escape, cells_of(row))
    name = escape(metric_name(row.metric))
    if row.num_samples is not None:
        name += f", K&nbsp;=&nbsp;{num_samples}"
    if mark is not None:
        name += f"<sup>{mark}</sup>"
    cells = (name, ours, paper, targets)
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _figure(illustration: Illustration) -> str:
    image = base64.b64encode(illustration.image).decode()
    return f"""<section>
<h2>{escape(illustration.title)}</h2>
<figure>
<img src="data:image/png;base64,{image}" alt="{escape(illustration.title)}">
<figcaption>{escape(illustration.caption)}</figcaption>
</figure>
</section>
"""


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
