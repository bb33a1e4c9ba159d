"""How all figures look: few inks, legible on a phone, safe for the colour-blind."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

# Okabe & Ito's palette, which stays apart with any kind of colour vision.
BLUE, VERMILLION, ORANGE = "#0072B2", "#D55E00", "#E69F00"
GREEN, PINK = "#009E73", "#CC79A7"
INK, GREY, PALE = "#1f2933", "#6b7280", "#d5d9de"
# All figures are as wide as a page's text, so that their letters have one size.
WIDTH = 6.4
# Of letters, in points; on a phone the figure is shown at three quarters of its size.
FONT_SIZE, SMALL = 11, 10
_DOTS_PER_INCH = 180


def new_figure(height: float) -> Figure:
    """An empty figure of the common width; `height` in inches."""
    return Figure(figsize=(WIDTH, height), layout="constrained", facecolor="white")


def tidy(axes: Axes) -> None:
    """No box, faint horizontal lines, grey ticks."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.tick_params(colors=INK, labelsize=SMALL, color=GREY)
    axes.xaxis.label.set_size(FONT_SIZE)
    axes.yaxis.label.set_size(FONT_SIZE)
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)


def steps_below(axes: Axes) -> None:
    """Training steps as the horizontal axis."""
    axes.set_xlabel("training steps")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda step, _: f"{step:,.0f}"))


def curve_with_error(
    axes: Axes, measured: Mapping[int, tuple[float, float]], *, colour: str, marker: str, label: str
) -> None:
    """A line through means, with a pale band of one standard error: for points whose errors are
    common, which bars at each would say are not."""
    places = sorted(measured)
    means, errors = np.array([measured[place] for place in places]).T
    axes.plot(places, means, color=colour, marker=marker, linewidth=1.8, label=label)
    axes.fill_between(places, means - errors, means + errors, color=colour, alpha=0.12, linewidth=0)


def show_image(axes: Axes, image: np.ndarray, frame: str = PALE, width: float = 1.0) -> None:
    """Draws ink as black on white inside a frame; image [H, W] with values 0..1."""
    axes.imshow(image, cmap="gray_r", vmin=0.0, vmax=1.0, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set(color=frame, linewidth=width)


def png(figure: Figure) -> bytes:
    """The figure as a PNG file."""
    buffer = io.BytesIO()
    # Without the date and version, the same figure is the same file.
    figure.savefig(buffer, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    return buffer.getvalue()
