"""Where the nats go: reconstruction, z and a (paper, figure 4B)."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from tfvma.figures.style import BLUE, FONT_SIZE, GREY, ORANGE, VERMILLION, new_figure, tidy


def kl_split(
    reconstruction: float, kl_z: float, kl_a: float | None, nll: Mapping[int, float]
) -> Figure:
    """Draws -L_1 = -reconstruction + KL(z) + KL(a) as one bar, and -L_K as marks above it.

    Args:
      reconstruction: mean of log p(x | a, z), at most 0; nats, as the others.
      kl_z: KL(q(z | x, m) || p(z | m)).
      kl_a: KL(q(a | x) || p(a)), None for a model without an address.
      nll: -L_K for each K.
    """
    figure = new_figure(height=2.3)
    axes = figure.add_subplot()
    pixels = "$-$log p(x | z)" if kl_a is None else "$-$log p(x | a, z)"
    parts = [(pixels, -reconstruction, GREY), ("KL(z)", kl_z, BLUE)]
    if kl_a is not None:
        parts.append(("KL(a)", kl_a, ORANGE))
    left = 0.0
    for name, width, colour in parts:
        axes.barh(0.0, width, left=left, height=0.5, color=colour, label=f"{name}  {width:.1f}")
        left += width
    axes.axvline(0.0, color=GREY, linewidth=0.8)
    for level, (num_samples, value) in enumerate(sorted(nll.items(), reverse=True)):
        height = 0.5 + 0.34 * level
        axes.plot([value, value], [-0.25, height], color=VERMILLION, linewidth=1.6)
        axes.annotate(
            f"NLL, K = {num_samples:,}:  {value:.1f}",
            (value, height),
            xytext=(-5, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=FONT_SIZE,
            color=VERMILLION,
        )
    axes.set_ylim(-0.35, 0.75 + 0.34 * (len(nll) - 1))
    axes.set_xlim(0.0, 1.03 * left)
    axes.set_yticks([])
    axes.set_xlabel("nats per image")
    tidy(axes)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False)
    figure.legend(loc="outside upper left", ncols=3, frameon=False, fontsize=FONT_SIZE)
    return figure
