"""Learning curves of many estimators: a panel for each, with all others behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from tfvma.figures.style import BLUE, INK, PALE, SMALL, VERMILLION, new_figure, tidy

_COLUMNS = 4
_PANEL_HEIGHT = 1.45
_LEAST_HEIGHT = 2.8

Curve = Sequence[tuple[float, float]]


def estimator_curves(
    curves: Mapping[str, Sequence[Curve]], x_label: str, goal: float | None
) -> Figure:
    """Draws the held-out NLL, on a logarithmic scale where there is a goal far below it.

    Args:
      curves: for each estimator, in the order of the panels, a curve for each seed.
      x_label: what the curves are drawn against.
      goal: log M, drawn as a dashed line; None for none.
    """
    columns = min(_COLUMNS, len(curves))
    rows = -(-len(curves) // columns)
    figure = new_figure(height=max(_PANEL_HEIGHT * rows + 0.6, _LEAST_HEIGHT))
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat
    for axes, name in zip(panels, curves, strict=False):
        _draw_panel(axes, name, curves, goal)
    for axes in list(panels[len(curves) :]):
        axes.set_visible(False)
    last_row = len(curves) - columns
    for place, axes in enumerate(panels[: len(curves)]):
        # The last of each column, which need not be in the last row.
        axes.tick_params(labelbottom=place >= last_row)
    figure.supxlabel(x_label, fontsize=SMALL, color=INK)
    figure.supylabel("held-out NLL, nats per image", fontsize=SMALL, color=INK)
    return figure


def _draw_panel(
    axes: Axes, name: str, curves: Mapping[str, Sequence[Curve]], goal: float | None
) -> None:
    for other, of_seeds in curves.items():
        if other != name:
            for curve in of_seeds:
                _plot(axes, curve, color=PALE, linewidth=0.7)
    for curve in curves[name]:
        _plot(axes, curve, color=BLUE, linewidth=1.4)
    axes.set_title(name.replace("_", " "), fontsize=SMALL - 1.5, color=INK, loc="left", pad=3)
    if goal is not None:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.axhline(goal, color=VERMILLION, linewidth=1.0, linestyle=(0, (3, 2)))
        axes.annotate(
            "log M",
            (1.0, goal),
            xycoords=("axes fraction", "data"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="right",
            fontsize=SMALL - 3,
            color=VERMILLION,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )
    tidy(axes)
    axes.tick_params(labelsize=SMALL - 2)


def _plot(axes: Axes, curve: Curve, **look) -> None:
    if curve:
        axes.plot(*zip(*curve, strict=True), **look)
