"""Learning curves that the paper shows or tells of: recall, few-shot, and overfitting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tfvma.evaluation.illustration import Illustration
from tfvma.evaluation.paper_learned28 import OVERFITTED_NLL, OVERFITTED_WORDS
from tfvma.evaluation.zoo import ZooModel

_RECALL = "mnist_recall256"
_FEW_SHOT = "omniglot26_vma_4shot_augmented"
_OVERFITTING = "omniglot28_static_learned2048"
_BASELINE = "omniglot28_static_vae"
_TRAINING_NLL = "nll omniglot28_static/train"


def show_recall(models: Sequence[ZooModel], num_samples: int) -> Illustration | None:
    """Figure 2A; None without two rows of the log of that run at this K."""
    return _curves(models, num_samples, _RECALL, "recall_curves", "Recall of one of 256 images", {})


def show_few_shot(models: Sequence[ZooModel], num_samples: int) -> Illustration | None:
    """Of the supplement, a few-shot model that was trained from scratch in one run; None
    without two rows of the log of that run at this K."""
    title = "A few-shot model from scratch"
    return _curves(models, num_samples, _FEW_SHOT, "few_shot_curves", title, {})


def show_overfitting(models: Sequence[ZooModel], num_samples: int) -> Illustration | None:
    """Section 4.2, M = 2,048 without regularisation, beside what the VAE of the same size has;
    None without two rows of the log of that run at this K."""
    title = "A learned memory of 2,048 slots that overfits"
    printed = {
        f"paper, {words}: {OVERFITTED_WORDS[split]}": OVERFITTED_NLL[split]
        for split, words in (("train", "training"), ("test", "test"))
    }
    for model in models:
        row = model.find(_TRAINING_NLL, "nll", num_samples)
        if model.name == _BASELINE and row is not None:
            printed[f"VAE of this size, training: {row.value:.1f}"] = row.value
    return _curves(models, num_samples, _OVERFITTING, "overfitting", title, printed)


def _curves(
    models: Sequence[ZooModel],
    num_samples: int,
    model_name: str,
    name: str,
    title: str,
    printed: Mapping[str, float],
) -> Illustration | None:
    found = [
        model
        for model in models
        if (model.name, model.config.training.num_samples) == (model_name, num_samples)
        and model.version in model.logs
    ]
    if not found:
        return None
    from tfvma.evaluation.log_illustration import show_learning_curves

    return show_learning_curves(_joined(found[0]), found[0].config, name, title, printed)


def _joined(model: ZooModel) -> list[Mapping[str, float]]:
    """The log of the last stage, after those of the stages before it as far back as they are
    versions of this model whose logs were kept."""
    made = [model.version]
    for stage in reversed(model.stages):
        start = Path(stage.training.start_from)
        version = int(start.name) if start.name.isdecimal() else 0
        if start.parent.name != model.name or version not in model.logs:
            break
        made.insert(0, version)
    rows: list[Mapping[str, float]] = []
    for version in made:
        before = rows[-1]["step"] if rows else 0
        rows += [{**row, "step": before + row["step"]} for row in model.logs[version]]
    return rows
