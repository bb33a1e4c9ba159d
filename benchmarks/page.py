"""Writes docs/speed.md from the results files of all benchmarks.

    python -m benchmarks.page

Every figure in it comes from a results file: measure again, then run this.
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks import (
    address_latency,
    attention,
    backward,
    evaluation,
    input_pipeline,
    load_time,
    step_time,
    two_workers,
)
from benchmarks.results_file import machine_line
from tfvma.training.atomic import replacing

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[1] / "docs" / "speed.md"
_HEAD = """# Speed

<!-- made by python -m benchmarks.page from benchmarks/results/; do not edit -->

Every table comes from the results file that is named below it. *Floor* is what the work takes at
the least, measured or computed from a rate measured in the same run; *ratio* is the time over the
floor. How each is measured, and what its floor counts, is in
[benchmarks/](../benchmarks/README.md). Read ratios rather than times where machines differ."""

_SLOPES = (
    "What one more slot adds to a step, and to its floor: of more slots than samples, only those "
    "that are drawn are encoded, and all have keys."
)


class Section(NamedTuple):
    """name: of the benchmark and its results file; body: Markdown from the results."""

    title: str
    name: str
    text: str
    body: Callable[[dict], str]


def _step_body(result: dict) -> str:
    rows = result["rows"]
    return f"{step_time.table(rows)}\n\n{_fill(_SLOPES)}\n\n{step_time.slope_table(rows)}"


def _attention_body(result: dict) -> str:
    rows = result["rows"]
    figure = "![Time of a step against the size of the memory](hard_against_soft.png)"
    crossovers = attention.crossover_sentences(attention.all_crossovers(rows))
    return "\n\n".join([figure, attention.table(rows), crossovers])


def _address_body(result: dict) -> str:
    bounds = address_latency.bound_table(result["bounds"])
    return f"{address_latency.table(result['rows'])}\n\n{bounds}"


SECTIONS = (
    Section(
        "Training step",
        "step_time",
        "A step of the few-shot network beside the least arithmetic that it needs. The row "
        "`straightforward` is the same network as one would first write it.",
        _step_body,
    ),
    Section(
        "Gradients through a drawn sample",
        "backward",
        "A step that passes gradients back through one sample of each target, drawn in proportion "
        "to its weight, beside one that passes them through all. The floor of both counts "
        "gradients through all.",
        lambda result: backward.table(result["rows"]),
    ),
    Section(
        "Hard against soft attention",
        "attention",
        "A hard address decodes the entries that it draws; a soft one mixes the features of "
        "all of them, which as one would first write it costs more with each entry than a key.",
        _attention_body,
    ),
    Section(
        "Score",
        "evaluation",
        "B targets are scored with K samples each against M entries. Nearly all of the floor is "
        "the decoder, once per sample.",
        lambda result: evaluation.table(result["rows"]),
    ),
    Section(
        "Address of a large memory",
        "address_latency",
        "An exact reading takes the product of queries and keys, and some passes over the "
        "scores; in a small memory what does not grow with it takes longer. An index looks at "
        "a part of the keys, and the second table is what that does to the bound.",
        _address_body,
    ),
    Section(
        "Input pipeline",
        "input_pipeline",
        "Episodes are drawn while the step before them runs. Compare their time with that of a "
        "training step above: training does not wait for them.",
        lambda result: input_pipeline.table(result["rows"]),
    ),
    Section(
        "Load time",
        "load_time",
        "A new process with TensorFlow alone, to its first and second answer. The first answer "
        "includes what TensorFlow does once per process; the second does not.",
        lambda result: load_time.table(result["rows"]),
    ),
    Section(
        "Two workers",
        "two_workers",
        "Two processes that exchange gradients, beside one process on the same cores. The ideal "
        "is the rate of one core times the cores; here the ratio is the share of it that is "
        "reached.",
        lambda result: two_workers.table(result["rows"]),
    ),
)


def make_page(results: Path) -> str:
    """The page, from the results files in a folder."""
    return "\n\n".join([_HEAD, *(make_section(section, results) for section in SECTIONS)]) + "\n"


def make_section(section: Section, results: Path) -> str:
    """One section: what is measured, and the tables of its results file."""
    heading = (
        f"## {section.title}\n\n    python -m benchmarks.{section.name}\n\n{_fill(section.text)}"
    )
    file = results / f"{section.name}.json"
    result = json.loads(file.read_text())
    body = section.body(result)
    link = f"[{file.name}](../benchmarks/results/{file.name})"
    versions = result["versions"]
    about = f"{machine_line(result['machine'])}; TensorFlow {versions['tensorflow']}."
    return f"{heading}\n\n{body}\n\n{_fill(about)}\n{link}"


def _fill(text: str) -> str:
    return textwrap.fill(text, width=100, break_on_hyphens=False, break_long_words=False)


def main() -> int:
    """Writes the page; returns the exit code."""
    with replacing(PAGE) as path:
        path.write_text(make_page(RESULTS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
