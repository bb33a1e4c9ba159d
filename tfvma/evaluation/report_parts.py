"""What the pages of a report are made of, as HTML."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from html import escape

import tfvma
from tfvma.config import Config
from tfvma.evaluation.grid import Grid
from tfvma.evaluation.illustration import Illustration
from tfvma.evaluation.metrics_file import Row
from tfvma.evaluation.report_style import CSS
from tfvma.evaluation.table import by_protocol, cells_of, metric_name
from tfvma.kinds import Kind
from tfvma.trained_on import trained_on

# What has to be known to read `rows_table`.
EXPLANATION = """<div class="small"><p>NLL = −L<sub>K</sub>, divergences and the reconstruction,
log p(x | a, z), are in nats per image; for NLL, lower is better. ± is one standard error, of a
mean over episodes; of all_classes, confounders and table1 over characters, which is larger; of nll
over characters where images are of some, else, as of recall, over images. A dash: the paper prints
no figure for this row.</p></div>"""


def page(title: str, body: str) -> str:
    """A whole page that needs nothing else; `body` is HTML."""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{CSS}</style>
</head>
<body>
<main>
{body}
<footer>tfvma {escape(tfvma.__version__)}. Paper: Bornschein, Mnih, Zoran, Rezende, “Variational
Memory Addressing in Generative Models”, NeurIPS 2017.</footer>
</main>
</body>
</html>
"""


def summary(config: Config, kind: Kind, steps: int | None, minutes: float | None) -> str:
    """What the model is and how it was trained, one paragraph of HTML."""
    training = "Trained"
    if steps is not None:
        training += f" for {steps:,} steps"
    if minutes is not None:
        training += f" ({_duration(minutes)})"
    episodes = config.episodes
    training += f" on {episodes.dataset}, {trained_on(config, kind)} in each step"
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


def rows_table(
    rows: Sequence[Row], under_protocol: Callable[[Sequence[Row]], str] = lambda group: ""
) -> str:
    """All rows, with their notes; `under_protocol` gives HTML to stand below a protocol's name."""
    groups = by_protocol(rows)
    notes = dict.fromkeys(row.note for _, group in groups for row in group if row.note)
    marks = {note: mark for mark, note in enumerate(notes, start=1)}
    body = []
    for protocol, group in groups:
        heading = escape(protocol) + under_protocol(group)
        body.append(f'<tr class="protocol"><th colspan="4">{heading}</th></tr>')
        body += [_table_row(row, marks.get(row.note)) for row in group]
    explained = "".join(f"<p><sup>{mark}</sup> {escape(note)}.</p>" for note, mark in marks.items())
    return f"""<div class="wide"><table>
<thead><tr><th>measured</th><th>ours</th><th>paper</th><th>targets</th></tr></thead>
<tbody>{"".join(body)}</tbody>
</table></div>
<div class="small">{explained}</div>"""


def _table_row(row: Row, mark: int | None) -> str:
    ours, paper, num_samples, targets = map(escape, cells_of(row))
    name = escape(metric_name(row.metric))
    if row.num_samples is not None:
        name += f", K&nbsp;=&nbsp;{num_samples}"
    if mark is not None:
        name += f"<sup>{mark}</sup>"
    cells = (name, ours, paper, targets)
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def grid_table(grid: Grid) -> str:
    """A table whose cells are text, with what stands above and below it."""
    sides = ["" if side == "r" else ' class="left"' for side in grid.alignment]

    def line(cells: Sequence[str], tag: str) -> str:
        parts = zip(cells, sides, strict=True)
        return "".join(f"<{tag}{side}>{escape(cell)}</{tag}>" for cell, side in parts)

    above = f"<p>{escape(grid.heading)}</p>\n" if grid.heading else ""
    below = f'\n<div class="small"><p>{escape(grid.below)}</p></div>' if grid.below else ""
    lines = "".join(f"<tr>{line(cells, 'td')}</tr>" for cells in grid.lines)
    return f"""{above}<div class="wide across"><table>
<thead><tr>{line(grid.columns, "th")}</tr></thead>
<tbody>{lines}</tbody>
</table></div>{below}"""


def figure_section(illustration: Illustration) -> str:
    """A section of its own."""
    return f"""<section>
<h2>{escape(illustration.title)}</h2>
{figure(illustration)}
</section>
"""


def figure(illustration: Illustration) -> str:
    """The image, inside the page, and its caption."""
    image = base64.b64encode(illustration.image).decode()
    return f"""<figure>
<img src="data:image/png;base64,{image}" alt="{escape(illustration.title)}">
<figcaption>{escape(illustration.caption)}</figcaption>
</figure>"""
