"""evaluate.py: scores a trained model or a SavedModel."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tfvma.datasets import CHARACTERS, IMAGES
from tfvma.errors import InvalidArgumentError, TfvmaError
from tfvma.evaluation.model_source import ModelSource, find_model
from tfvma.evaluation.protocols import (
    MAX_NUM_SAMPLES,
    PROTOCOLS,
    AnyProtocol,
    Classification,
    choose_protocols,
    up_to,
)
from tfvma.validation import check_choice, check_seed, check_writable

# What each protocol is told.
_OPTIONS = {
    "few_shot": ("num_classes", "shots", "targets", "num_samples"),
    "classification": ("ways", "shots", "episodes"),
    "classification_iw": ("ways", "shots", "episodes", "num_samples"),
    "confounders": ("shots", "targets", "num_samples"),
    "all_classes": ("shots", "num_samples", "rotations"),
    "table1": ("targets", "num_samples"),
    "all_classes_shots": ("num_samples", "rotations"),
    "unknown_class": ("num_classes", "shots", "targets", "num_samples"),
    "recall": ("memory_size", "num_samples"),
    "nll": ("targets", "num_samples"),
}
# Few-shot with its settings, and all settings of classification.
_OPTIONS["all"] = (*_OPTIONS["few_shot"], "episodes")
_SETTINGS = tuple(dict.fromkeys(name for names in _OPTIONS.values() for name in names))


def _takers(option: str) -> str:
    return ", ".join(name for name in PROTOCOLS if option in _OPTIONS[name] and name != "all")


def parser() -> argparse.ArgumentParser:
    """The options of evaluate.py."""
    options = argparse.ArgumentParser(
        prog="evaluate.py",
        description="Scores a model, by default on what it was not trained on. Numbers are means "
        "in nats per image (accuracies: fractions), with standard errors of means over "
        "episodes (all_classes, all_classes_shots, confounders and table1: over characters; nll: "
        "over characters where images are of some, else, as recall, over images).",
    )
    options.add_argument(
        "model", metavar="MODEL", help="runs/NAME, savedmodels/NAME or savedmodels/NAME/VERSION"
    )
    options.add_argument(
        "--protocol",
        default="all",
        metavar="NAME",
        help=f"{', '.join(PROTOCOLS)} (%(default)s: few_shot and, of a model with an address, "
        "classification; where images have no labels recall or nll. The others take many times "
        "longer)",
    )
    options.add_argument("--dataset", metavar="NAME", help="what the model was trained on if left")
    options.add_argument(
        "--split",
        default="test",
        metavar="NAME",
        help="train, test or, of binarized MNIST, validation (test)",
    )
    options.add_argument("--seed", type=int, default=0, help="of episodes and samples (0)")
    options.add_argument(
        "--data-dir",
        metavar="DIR",
        help="the folder of tensorflow-datasets; else $TFVMA_DATA_DIR, else its own default, "
        "to which it downloads",
    )
    options.add_argument(
        "--output",
        metavar="FILE",
        help="takes the rows (metrics.json beside the model); those of models with other steps or "
        "minutes of training, or sharpened otherwise, move to a file beside it, which also takes "
        "those of a version that is not the latest",
    )
    options.add_argument("--report", metavar="DIR", help="takes index.html with figures")
    options.add_argument("--quiet", action="store_true", help="show no progress")
    several = options.add_argument_group(
        "samples, examples and targets", "each with the protocols that it is for"
    )
    several.add_argument(
        "--num-samples",
        type=int,
        nargs="+",
        metavar="K",
        help=f"samples per target, 1 to {MAX_NUM_SAMPLES}: {_takers('num_samples')} (4 1000; "
        "classification_iw: 10 for each entry; confounders, all_classes_shots and unknown_class: "
        "4; table1: 1000)",
    )
    several.add_argument(
        "--shots",
        type=int,
        metavar="S",
        help=f"examples of each character in memory: {_takers('shots')} (4; all_classes: 18; "
        "classification and classification_iw: first 1, then 5)",
    )
    several.add_argument(
        "--targets",
        type=int,
        metavar="N",
        help=f"drawings or images scored: {_takers('targets')} (2048; confounders: the "
        "same 2304 each time; table1: the same 659 in each cell; nll: all)",
    )
    few_shot = options.add_argument_group(
        "few_shot and unknown_class",
        "a few characters in memory; unknown_class: and as many others in their place",
    )
    few_shot.add_argument("--num-classes", type=int, metavar="C", help="characters in memory (8)")
    classification = options.add_argument_group("classification and classification_iw")
    classification.add_argument(
        "--ways", type=int, metavar="W", help="characters in memory (first 5, then 20)"
    )
    classification.add_argument(
        "--episodes", type=int, metavar="N", help="with each number of ways and shots (1000)"
    )
    all_classes = options.add_argument_group(
        "all_classes and all_classes_shots",
        "every character in memory, with 18 examples or with more and more, and drawings left out "
        "in turn as targets",
    )
    all_classes.add_argument(
        "--rotations",
        type=int,
        metavar="N",
        help="how many turns are scored (as many as it takes for every drawing to be a target)",
    )
    recall = options.add_argument_group("recall", "images that are all in memory")
    recall.add_argument("--memory-size", type=int, metavar="M", help="how many (2048)")
    return options


def configure(parsed: argparse.Namespace) -> tuple[AnyProtocol, ...]:
    """The protocols that the options ask for; raises InvalidArgumentError."""
    check_choice("--protocol", parsed.protocol, PROTOCOLS)
    given = {name: getattr(parsed, name) for name in _SETTINGS}
    given = {name: value for name, value in given.items() if value is not None}
    for name, value in given.items():
        if name not in _OPTIONS[parsed.protocol]:
            takers = " or ".join(protocol for protocol in PROTOCOLS if name in _OPTIONS[protocol])
            raise InvalidArgumentError(
                f"--{name.replace('_', '-')}={value!r}: expected only with --protocol "
                f"{takers}, not with {parsed.protocol}."
            )
    check_seed("--seed", parsed.seed)
    if "num_samples" in given:
        given["num_samples"] = tuple(sorted(set(given["num_samples"])))
    if "episodes" in given:
        given["num_episodes"] = given.pop("episodes")
    return choose_protocols(parsed.protocol, given)


def repeating_command(parsed: argparse.Namespace) -> str:
    """The command without what has no influence on the numbers: where data and results lie."""
    defaults = parser()
    words = ["evaluate.py", parsed.model]
    for name in ("protocol", *_SETTINGS, "dataset", "split", "seed"):
        value = getattr(parsed, name)
        if value is not None and value != defaults.get_default(name):
            values = value if isinstance(value, list) else [value]
            words += [f"--{name.replace('_', '-')}", *map(str, values)]
    return shlex.join(words)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs evaluate.py; returns its exit code: 0, or 2 for an error."""
    parsed = parser().parse_args(arguments)
    try:
        _evaluate(parsed)
    except TfvmaError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted.", file=sys.stderr)
        return 130
    return 0


def _evaluate(parsed: argparse.Namespace) -> None:
    protocols = configure(parsed)
    source = find_model(parsed.model)
    output = Path(parsed.output) if parsed.output else source.home / "metrics.json"
    check_writable("--output", output.parent)
    if parsed.report:
        check_writable("--report", Path(parsed.report) / "figures")
    _score(parsed, protocols, source, output)


def _check_episodes(num_episodes: int | None, protocols: Sequence[AnyProtocol]) -> None:
    """Raises InvalidArgumentError for a number of episodes that no protocol reads."""
    read = any(isinstance(protocol, Classification) for protocol in protocols)
    if num_episodes is not None and not read:
        raise InvalidArgumentError(
            f"--episodes={num_episodes!r}: expected only with a model that classifies, which one "
            "without an address in a memory does not."
        )


def _score(
    parsed: argparse.Namespace,
    protocols: Sequence[AnyProtocol],
    source: ModelSource,
    output: Path,
) -> None:
    # Imports TensorFlow, which takes seconds: after the arguments are known to be right.
    from tfvma.data import characters, images
    from tfvma.evaluation.applicable import applicable, check_applicable
    from tfvma.evaluation.evaluate import evaluate, illustrate
    from tfvma.evaluation.fewer_targets import check_no_fewer_targets
    from tfvma.evaluation.metrics_file import (
        aside_of,
        merge_earlier_version,
        merge_versions,
        read_rows,
        rows_of_model,
    )
    from tfvma.evaluation.report import Report, write_report
    from tfvma.evaluation.table import format_table
    from tfvma.evaluation.trained_model import load_model
    from tfvma.kinds import kind_of
    from tfvma.model_card import write_model_card
    from tfvma.servable import find_version

    if parsed.dataset is not None:
        check_choice("--dataset", parsed.dataset, (*CHARACTERS, *IMAGES))
    # Read once now, so that a file that is something else is found before the work.
    for path in (output, aside_of(output)):
        read_rows(path)
    model = load_model(source)
    dataset = parsed.dataset or model.config.episodes.dataset
    of_images = dataset in IMAGES
    if parsed.protocol == "all" and of_images:
        protocol = "recall" if model.scorer.takes_memory else "nll"
        parsed = argparse.Namespace(**{**vars(parsed), "protocol": protocol})
        protocols = configure(parsed)
    if parsed.protocol == "all":
        protocols = applicable(protocols, model.scorer)
        _check_episodes(parsed.episodes, protocols)
    check_applicable(protocols, model.scorer)
    check_choice("--split", parsed.split, (IMAGES if of_images else CHARACTERS)[dataset])
    load = images.load_images if of_images else characters.load_characters
    drawn_from = load(dataset, parsed.split, parsed.data_dir)
    if parsed.protocol == "confounders" and not of_images:
        protocols = up_to(protocols, drawn_from.num_characters)
    of_zoo = source.saved_model is not None and output.resolve() == source.home / "metrics.json"
    earlier = of_zoo and source.saved_model != find_version(source.home)
    keep = merge_earlier_version if earlier else merge_versions
    own, _ = rows_of_model(output, model.trained)
    check_no_fewer_targets(own, protocols, f"{dataset}/{parsed.split}")
    rows = evaluate(
        model,
        drawn_from,
        protocols,
        seed=parsed.seed,
        command=repeating_command(parsed),
        progress=None if parsed.quiet else sys.stderr,
        # Some protocols take hours, which an interruption of the next one should not cost.
        keep=partial(keep, output, model.trained),
    )
    print(format_table(rows))
    merged, others = rows_of_model(output, model.trained)
    if earlier:
        print(f"rows of this version, which is not the latest, in {aside_of(output)}")
    else:
        if others:
            print(f"rows of models that were trained otherwise in {aside_of(output)}")
        print(f"rows in {output}")
    if of_zoo and not earlier:
        print(f"model card in {write_model_card(source.home)}")
    if parsed.report:
        illustrations = illustrate(model, drawn_from, merged, parsed.seed)
        kind = kind_of(model.scorer)
        report = Report(model.config, kind, model.steps, model.minutes, merged, illustrations)
        print(f"report in {write_report(parsed.report, report)}")
