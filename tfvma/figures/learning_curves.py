"""Learning curves: the bound and the two divergences against training steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from tfvma.figures.style import BLUE, ORANGE, SMALL, VERMILLION, new_figure, tidy

# The first steps fall by hundreds of nats and would flatten the rest.
_SKIPPED = 0.05


def learning_curves(log: Sequence[Mapping[str, float]], num_samples: int) -> Figure:
    """Draws NLL = -L_K above, KL(z) and KL(a) below; training and held out.

    Args:
      log: rows with "step" and some of iw_bound, kl_z, kl_a and the same with "val_".
      num_samples: K in training, for the label.
    """
    figure = new_figure(height=5.4)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[1.3, 1.0])

    shown = [
        _draw(above, log, "iw_bound", -1.0, VERMILLION, "NLL, training", solid=False),
        _draw(above, log, "val_iw_bound", -1.0, VERMILLION, "NLL, held out"),
    ]
    first = _SKIPPED * max(row["step"] for row in log)
    values = [value for curve in shown for step, value in curve if step >= first]
    if values:
        margin = 0.05 * (max(values) - min(values)) + 0.5
        above.set_ylim(min(values) - margin, max(values) + margin)
    above.set_ylabel(f"nats per image, K = {num_samples}")

    _draw(below, log, "kl_z", 1.0, BLUE, "KL(z), training", solid=False)
    _draw(below, log, "val_kl_z", 1.0, BLUE, "KL(z), held out")
    _draw(below, log, "kl_a", 1.0, ORANGE, "KL(a), training", solid=False)
    _draw(below, log, "val_kl_a", 1.0, ORANGE, "KL(a), held out")
    below.set_ylim(bottom=0.0)
    below.set_ylabel("nats per image")
    below.set_xlabel("training steps")
    below.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    below.xaxis.set_major_formatter(FuncFormatter(lambda step, _: f"{step:,.0f}"))

    for axes in (above, below):
        tidy(axes)
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=4,
            frameon=False,
            fontsize=SMALL,
            handlelength=1.6,
            columnspacing=1.0,
            borderaxespad=0.2,
        )
    return figure


def _draw(
    axes: Axes,
    log: Sequence[Mapping[str, float]],
    column: str,
    sign: float,
    colour: str,
    label: str,
    solid: bool = True,
) -> list[tuple[float, float]]:
    """Draws one column where it has values; returns (step, value)."""
    curve = [(row["step"], sign * row[column]) for row in log if column in row]
    if curve:
        steps, values = zip(*curve, strict=True)
        axes.plot(
            steps,
            values,
            color=colour,
            label=label,
            linewidth=2.0 if solid else 1.2,
            alpha=1.0 if solid else 0.75,
            linestyle="-" if solid else (0, (3, 1.5)),
        )
    return curve
