"""Figure 5A of the paper: more and more characters in memory, hard and soft attention."""

from __future__ import annotations

from collections.abc import Sequence

from tfvma.evaluation.illustration import Illustration
from tfvma.evaluation.paper_baselines import SOFT_ATTENTION_NLL
from tfvma.evaluation.row_illustrations import confounder_curves
from tfvma.evaluation.zoo import ZooModel

_DATA = "omniglot26/test"
_PAPERS = "the paper's soft attention, 16 examples"
_NAMES = {
    "omniglot26_vma_4shot": "sampled address",
    "omniglot26_soft": "soft attention",
    "omniglot26_vma_16shot": "sampled address",
}


def show_confounders(models: Sequence[ZooModel], num_samples: int) -> Illustration | None:
    """Figure 5A, each model with as many examples as it was trained with, or else with as many as
    it was scored with at most; None without one of each."""
    named = {model.name: model for model in models}
    curves, kinds = {}, set()
    for name, words in _NAMES.items():
        if name not in named:
            continue
        scored = {
            shots: nll
            for (shots, data, k), nll in confounder_curves(named[name].rows).items()
            if (data, k) == (_DATA, num_samples)
        }
        if not scored:
            continue
        trained = named[name].config.episodes.shots
        shots = trained if trained in scored else max(scored)
        how = f"trained and scored with {shots}"
        if shots != trained:
            how = f"trained with {trained}, scored with {shots}"
        curves[f"{words}, {how} examples"] = scored[shots]
        kinds.add(words)
    if len(kinds) < 2:
        return None
    from tfvma.figures.confounders import confounders
    from tfvma.figures.style import png

    return Illustration(
        "confounders",
        "More and more characters in memory",
        "The NLL of drawings whose character is in memory, with a number of examples of each, "
        "among more and more others. Dashed: each model's NLL with one character plus log C, which "
        "is what is left when characters never look alike. All points are of the same targets, so "
        "that differences between them are known far better than the bands say, which are one "
        "standard error over characters. The paper prints a figure for soft attention alone, "
        f"with 1 and 2 characters: {SOFT_ATTENTION_NLL[1]}.",
        png(confounders(curves, num_samples, {_PAPERS: SOFT_ATTENTION_NLL})),
    )
