"""The time of a training step against the size of the memory, hard and soft attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from benchmarks.attention import HARD, HARD_DRAWN, SOFT, STRAIGHTFORWARD, medians
from tfvma.figures.style import (
    BLUE,
    FONT_SIZE,
    GREY,
    INK,
    ORANGE,
    SMALL,
    VERMILLION,
    new_figure,
    png,
    tidy,
)
from tfvma.training.atomic import replacing

_PAPER = 48
_CURVES = {
    HARD: ("hard attention", BLUE, "o", "-"),
    HARD_DRAWN: ("hard attention, gradients through a drawn sample", BLUE, "D", "--"),
    SOFT: ("soft attention", VERMILLION, "s", "-"),
    STRAIGHTFORWARD: ("soft attention as first written", ORANGE, "^", "--"),
}


def attention_figure(
    rows: Sequence[dict], crossovers: Mapping[tuple[str, str], int | None]
) -> Figure:
    """Draws medians with their quartiles.

    Args:
        rows: of the benchmark.
        crossovers: by hard and soft attention, from which size on the hard one is faster, or
            None.
    """
    figure = new_figure(height=5.0)
    axes = figure.subplots()
    sizes = sorted({row["memory_size"] for row in rows})
    for attention, (label, colour, marker, line) in _CURVES.items():
        times = medians(rows, attention)
        if not times:
            continue
        own = [row for row in rows if row["attention"] == attention]
        label = f"{label}, K = {own[0]['num_samples']}, {own[0]['num_targets']} targets"
        quartiles = {row["memory_size"]: row["quartiles"] for row in own}
        axes.plot(
            times.keys(), times.values(), line, color=colour, marker=marker, ms=4, label=label
        )
        axes.vlines(
            list(times),
            *zip(*(quartiles[size] for size in times), strict=True),
            color=colour,
            linewidth=1.0,
        )
    for soft, (name, colour, _, _) in _CURVES.items():
        first = {h: size for (h, s), size in crossovers.items() if s == soft and size is not None}
        label = f"from here on faster than {name}"
        for hard, size in first.items():
            ring = {"ms": 12, "mfc": "none", "mec": colour, "mew": 1.5, "ls": ""}
            axes.plot(size, medians(rows, hard)[size], "o", label=label, **ring)
            label = None
    axes.axvline(_PAPER, color=GREY, linewidth=1.0, linestyle=":")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes], rotation=45)
    axes.xaxis.set_minor_locator(NullLocator())
    low, high = axes.get_ylim()
    ticks = [t for t in (10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000) if low < t < high]
    axes.set_yticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.annotate(
        "paper: hard is\nfaster from 48",
        (_PAPER, high),
        xytext=(-5, -4),
        textcoords="offset points",
        ha="right",
        va="top",
        color=INK,
        fontsize=SMALL,
    )
    axes.set_xlabel("entries in memory, M")
    axes.set_ylabel("milliseconds per training step")
    tidy(axes)
    figure.legend(loc="outside upper left", ncols=1, frameon=False, fontsize=FONT_SIZE)
    return figure


def write_figure(
    path: Path, rows: Sequence[dict], crossovers: Mapping[tuple[str, str], int | None]
) -> None:
    """Writes the figure as PNG."""
    with replacing(path) as beside:
        beside.write_bytes(png(attention_figure(rows, crossovers)))
