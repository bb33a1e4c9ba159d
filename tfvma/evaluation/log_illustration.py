"""The figure that is made from the log of a run alone."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence

from tfvma.config import Config, memory_size
from tfvma.evaluation.illustration import Illustration
from tfvma.figures.learning_curves import learning_curves
from tfvma.figures.style import png


def show_learning_curves(
    log: Sequence[Mapping[str, float]],
    config: Config,
    name: str = "learning_curves",
    title: str = "Learning curves",
    printed: Mapping[str, float] = types.MappingProxyType({}),
    started_from: str = "",
) -> Illustration | None:
    """From the rows of the log.csv of a run with this configuration; None where there are fewer
    than two, which make no curve.

    Args:
      log: the rows.
      config: of the run.
      name, title: of the figure.
      printed: what its NLL is to be compared with, in words, and where it is to be marked.
      started_from: the SavedModel whose weights the first step began with, for the caption; ""
        where the log is of the whole training.
    """
    if len(log) < 2:
        return None
    num_samples = config.training.num_samples
    in_memory = config.episodes.kind == "recall"
    # A target that was warped is not the entry that it is like.
    recalled = in_memory and not config.episodes.warped_targets
    marked = memory_size(config) if in_memory or config.model.memory_size else None
    dotted = [f"log M{', what a lookup table has' if recalled else ''}"] if marked else []
    if printed:
        dotted.append("what its NLL is to be compared with")
    carried = "how much z carries, KL(q(z|x) || p(z))"
    if any("kl_a" in row for row in log):
        carried = (
            "how much z and the address a carry, KL(q(z|x,m) || p(z|m)) and KL(q(a|x) || p(a))"
        )
    stage = f"Of the last stage alone, which started from {started_from}. " if started_from else ""
    return Illustration(
        name,
        title,
        f"{stage}Above: the negative bound −L_K with K = {num_samples}. Below: {carried}. "
        "Dashed: means over the training episodes between two rows of the log, with the weights of "
        "the moment. "
        "Solid: a fixed set of held-out targets, with the averaged weights."
        + (f" Dotted: {'; '.join(dotted)}." if dotted else ""),
        png(learning_curves(log, num_samples, marked, recalled, printed)),
    )
