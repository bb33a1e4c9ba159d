"""Figures over several models, from the metrics files and logs of all.

    python -m tfvma.evaluation.zoo_figures OUT

writes into OUT, each where the rows for it are there,

    examples_per_class.png   figure 4B of the paper
    confounders.png          figure 5A
    all_characters.png       figure 5B
    controls.png             the control experiments of section 4.2
    control_curves.png       how these find the address
    recall_curves.png        figure 2A
    few_shot_curves.png      learning curves of the supplement
    overfitting.png          the learned memory of section 4.2 that overfits
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tfvma.errors import OutputError, TfvmaError
from tfvma.evaluation.illustration import Illustration
from tfvma.evaluation.zoo import ZooModel, read_zoo
from tfvma.evaluation.zoo_confounders import show_confounders
from tfvma.evaluation.zoo_controls import show_control_curves, show_controls
from tfvma.evaluation.zoo_curves import show_few_shot, show_overfitting, show_recall
from tfvma.evaluation.zoo_examples import show_all_characters, show_examples_per_class
from tfvma.evaluation.zoo_options import PAPER_NUM_SAMPLES, parser
from tfvma.validation import check_at_least, check_writable

_FIGURES = (
    show_examples_per_class,
    show_confounders,
    show_all_characters,
    show_controls,
    show_control_curves,
    show_recall,
    show_few_shot,
    show_overfitting,
)


def illustrate_zoo(
    models: Sequence[ZooModel], num_samples: int = PAPER_NUM_SAMPLES
) -> list[Illustration]:
    """Those of the figures for which there are rows with K = num_samples."""
    drawn = (show(models, num_samples) for show in _FIGURES)
    return [illustration for illustration in drawn if illustration is not None]


def _write(folder: Path, illustrations: Sequence[Illustration]) -> list[Path]:
    """Writes `folder`/NAME.png for each; raises OutputError where that is not possible."""
    from tfvma.training.atomic import replacing

    paths = []
    try:
        for illustration in illustrations:
            path = folder / f"{illustration.name}.png"
            with replacing(path) as beside:
                beside.write_bytes(illustration.image)
            paths.append(path)
    except OSError as error:
        raise OutputError(f"OUT={str(folder)!r}: cannot be written ({error.strerror}).") from error
    return paths


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns 0, or 2 for an error."""
    parsed = parser("tfvma.evaluation.zoo_figures", __doc__).parse_args(arguments)
    try:
        check_at_least("--num-samples", parsed.num_samples, 1)
        illustrations = illustrate_zoo(read_zoo(parsed.savedmodels), parsed.num_samples)
        paths = _write(check_writable("OUT", parsed.out), illustrations)
    except TfvmaError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for path in paths:
        print(path)
    if not paths:
        print(
            f"no figure: expected rows of few_shot or all_classes_shots with K = "
            f"{parsed.num_samples} for omniglot26_vma_1shot and others in {parsed.savedmodels}.",
            file=sys.stderr,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
