"""The model card: what a SavedModel is, how it came about, and how to call it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tfvma.card_architecture import architecture, wrapped
from tfvma.card_usage import repeating, serving, signatures
from tfvma.config import Config
from tfvma.errors import OutputError
from tfvma.evaluation.metrics_file import Row, read_rows
from tfvma.evaluation.table import by_protocol, cells_of, markdown_line, metric_name
from tfvma.evaluation.table1_grid import split_table1, table1_grids
from tfvma.kinds import Kind
from tfvma.servable import find_version, read_kind
from tfvma.trained_on import trained_on
from tfvma.training.atomic import replacing
from tfvma.training.provenance import Training, read_training
from tfvma.training.run_folder import RunFolder, read_config
from tfvma.training_command import training_command


@dataclass(frozen=True)
class ModelCard:
    """What the card is made of.

    Attributes:
        config: of the model.
        kind: what the SavedModel is.
        version: of the SavedModel.
        training: how its weights came about.
        rows: of metrics.json.
        measured: whether the rows were measured on this version.
    """

    config: Config
    kind: Kind
    version: int
    training: Training
    rows: Sequence[Row]
    measured: bool


def write_model_card(home: str | os.PathLike, measured: bool = True) -> Path:
    """Writes README.md from config.json, metrics.json and the latest version in `home`.

    Args:
        home: savedmodels/NAME.
        measured: whether metrics.json, if there is one, is of the latest version.

    Raises:
        CheckpointError: where there is no SavedModel with a configuration.
        OutputError: where the card cannot be written, or metrics.json is damaged.
    """
    home = Path(home)
    latest = find_version(home)
    card = ModelCard(
        config=read_config(RunFolder(home)),
        kind=read_kind(latest),
        version=int(latest.name),
        training=read_training(latest),
        rows=read_rows(home / "metrics.json"),
        measured=measured,
    )
    path = home / "README.md"
    try:
        with replacing(path) as beside:
            beside.write_text(render(card), encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"home={str(home)!r}: cannot be written to ({error.strerror})."
        ) from error
    return path


def render(card: ModelCard) -> str:
    """The card in Markdown."""
    recorded = card.training.recorded
    trained = (_NOT_RECORDED,)
    if recorded:
        trained = (_training(card.config, card.kind, card.training), _data(card.config))
    sections = (
        _summary(card),
        architecture(card.config, card.kind),
        *trained,
        _results(card.rows, card.config, card.kind, card.measured),
        serving(card.config, card.kind, card.version),
        signatures(card.config, card.kind),
        repeating(card.kind),
        _limits(card.config, card.kind) if recorded else _limits_of_any(card.config, card.kind),
        _licences(card.config) if recorded else _LICENCE,
    )
    return "\n\n".join(section.strip("\n") for section in sections) + "\n"


def _summary(card: ModelCard) -> str:
    size = card.config.model.image_size
    what = _WHAT[card.kind.has_address, card.kind.takes_memory].format(size=size)
    if card.kind.has_address and card.kind.takes_memory:
        what += "\n\nThe memory M comes with every call."
        if card.training.recorded:
            drawn = card.config.episodes
            what += f" {_FILLED[drawn.kind, drawn.warped_targets]}"
    return f"""# {card.config.name}

{what}
This is version {card.version}; it needs TensorFlow and nothing else."""


# By has_address and takes_memory, which tell the kinds apart.
_WHAT = {
    (True, True): """\
A generative model of binary {size}x{size} images that reads an external memory by sampling
an address (Bornschein, Mnih, Zoran, Rezende, "Variational Memory Addressing in Generative
Models", NeurIPS 2017):

    p(x | M) = sum_a p(a | M) ∫ p(z | m_a) p(x | z, m_a) dz""",
    (True, False): """\
A generative model of binary {size}x{size} images that reads a memory by sampling an address
(Bornschein, Mnih, Zoran, Rezende, "Variational Memory Addressing in Generative Models",
NeurIPS 2017):

    p(x) = sum_a p(a) ∫ p(z | m_a) p(x | z, m_a) dz

The memory is learned: its slots are weights of the model, and `memory` gives them.""",
    (False, True): """\
A baseline: a generative model of binary {size}x{size} images that reads an external memory by
soft attention, as in Bornschein, Mnih, Zoran, Rezende, "Variational Memory Addressing in
Generative Models", NeurIPS 2017, section 4.2:

    p(x | M) = ∫ p(z) p(x | z, m(z)) dz,    m(z) = sum_a w_a(z) m_a

Every read is a mean over all slots, at every scale, with weights that depend on z alone. It is
here to be compared with models that sample an address: it has none, and classifies nothing. The
memory M comes with every call.""",
    (False, False): """\
A baseline: a variational autoencoder of binary {size}x{size} images, as in Bornschein, Mnih,
Zoran, Rezende, "Variational Memory Addressing in Generative Models", NeurIPS 2017:

    p(x) = ∫ p(z) p(x | z) dz

It has no memory, and is here to be compared with models that read one.""",
}


# By how episodes were drawn in training, and whether targets were warped.
_FILLED = {
    ("few_shot", False): """\
Fill it with a few drawings of a character that the
model was never trained on, and it generates, scores and classifies drawings of that
character, with no retraining.""",
    ("recall", False): """\
In training the images to be scored were among those in
memory: the model is one that looks things up, as in section 4.1 of the paper.""",
    ("recall", True): """\
In training the images to be scored were some of those in
memory, warped a little: the model is one that finds what is alike, without labels.""",
}


# The configuration tells how train.py would have trained it, not how it was.
_NOT_RECORDED = """\
## Training

It was trained outside train.py; how, and on which data, is not recorded."""


def _training(config: Config, kind: Kind, training: Training) -> str:
    settings = config.training
    steps = f"{settings.steps:,}" if training.steps is None else f"{training.steps:,}"
    if training.steps not in (None, settings.steps) and not settings.start_from:
        steps += f" of {settings.steps:,}"
    minutes = "" if training.minutes is None else f" in {training.minutes:,.0f} minutes"
    earlier = ""
    if settings.start_from:
        earlier = f", those of {settings.start_from} included"
        if training.steps is None:
            earlier = f" after those of {settings.start_from}, whose number is not recorded"
    details = [
        f"{settings.optimizer.capitalize()}, learning rate {settings.learning_rate:g}, "
        f"{settings.schedule}",
        *_warmup("learning rate", settings.learning_rate_warmup),
        *_warmup("weight of the latent terms", settings.latent_warmup),
        f"seed {settings.seed}",
        f"trained in {settings.precision}, exported in float32",
    ]
    if settings.episodes_per_step > 1:
        details.append(f"{settings.episodes_per_step} episodes per step")
    if settings.latent_gradient != "reparameterized":
        details.append(f"{settings.latent_gradient.replace('_', ' ')} gradient of z")
    if settings.backward == "drawn_sample":
        details.append("gradients through one drawn sample of each target")
    if settings.l2:
        details.append(f"L2 {settings.l2:g}")
    if settings.weight_decay:
        details.append(f"weight decay {settings.weight_decay:g}")
    if settings.sharpened_for:
        details.append(f"logits sharpened for K = {settings.sharpened_for:,}")
    if settings.memory_start == "images":
        details.append("memory begun as images of the training set")
    if settings.ema_momentum:
        details.append(f"weights averaged with momentum {settings.ema_momentum:g}")
    estimator = f"Estimator {settings.estimator} with " if kind.has_address else ""
    summary = (
        f"{steps} steps{minutes}{earlier}. {estimator}K = {settings.num_samples}; each step takes "
        f"{trained_on(config, kind)}. {'; '.join(details)}."
    )
    text = f"## Training\n\n    {training_command(config)}\n\n{wrapped(summary)}"
    return "\n\n".join([text, *_earlier_stages(training.stages)])


def _earlier_stages(stages: Sequence[Config]) -> list[str]:
    """What made the weights that the last stage started from, and so on back to the first."""
    if len(stages) < 2:
        return []
    made = [
        f"{after.training.start_from}:\n\n    {training_command(before)}"
        for before, after in pairwise(stages)
    ]
    return ["The stages before it, in order, and what each one made:", *made]


def _warmup(what: str, steps: int) -> list[str]:
    return [f"warm-up of the {what} over {steps:,} steps"] if steps else []


_DATA = {
    "omniglot26": """Omniglot (Lake, Salakhutdinov, Tenenbaum, Science 350, 2015) from
tensorflow-datasets `omniglot` 3.0.0: rows and columns 0 to 103 of the 105x105 drawings, ink
max-pooled 4x4 to 26x26 pixels that are 0 (paper) or 1 (ink). Training: 45 alphabets, 1,479
characters, 20 drawings each. Test: the alphabets Tengwar, Sylheti, Tibetan, Syriac (Serto) and
ULOG, 144 characters, 2,880 drawings.""",
    "omniglot26_tuning": """The 45 training alphabets of Omniglot at 26x26 pixels, split 40/5 in
turn: what choices were compared on. A model that is to be used is trained on all of them.""",
    "gmn": """Omniglot (Lake, Salakhutdinov, Tenenbaum, Science 350, 2015) from
tensorflow-datasets `omniglot` 3.0.0: rows and columns floor(15 i / 4) of the 105x105 drawings,
28x28 pixels that are 0 (paper) or 1 (ink). These are the images that were released with the code of
Generative Matching Networks (Bartunov, Vetrov, 2016). Training: 30 alphabets, 964 characters, 20
drawings each. Test: the other 20 alphabets, 659 characters, 13,180 drawings.""",
    "omniglot28": """Omniglot (Lake, Salakhutdinov, Tenenbaum, Science 350, 2015) from
tensorflow-datasets `omniglot` 3.0.0, averaged over areas to 28x28 grey pixels, without labels: not
the file of Burda, Grosse and Salakhutdinov (2015), whose figures are near and not comparable to the
last nat. Grey values are drawn as 1 (ink) or 0 (paper) at every training step, and once for test.
Training: 15 drawings of each of 1,623 characters. Test: the other 5.""",
    "omniglot28_static": """The drawings of `omniglot28`: Omniglot (Lake, Salakhutdinov, Tenenbaum,
Science 350, 2015) from tensorflow-datasets `omniglot` 3.0.0, averaged over areas to 28x28 grey
pixels, without labels, but with every pixel drawn once as 1 (ink) or 0 (paper), in training too, so
that training images can be learned by heart. Training: 15 drawings of each of 1,623 characters.
Test: the other 5.""",
    "binarized_mnist": """MNIST with every pixel drawn once as 1 (ink) or 0 (paper), in the files of
H. Larochelle, from tensorflow-datasets `binarized_mnist` 1.0.0. Training: 50,000 digits. Test:
10,000.""",
    "strokes": """Procedural characters that the package makes from a fixed seed: alphabets share a
repertoire of strokes, and drawers differ in motor noise, slant, scale and position. Binary, 0 is
paper and 1 is ink; training and test have no alphabet in common.""",
}
_OMNIGLOT_LICENCE = "The Omniglot images are under the MIT licence, copyright 2015 Brenden Lake."
_LICENCES = {
    "omniglot26": _OMNIGLOT_LICENCE,
    "omniglot26_tuning": _OMNIGLOT_LICENCE,
    "gmn": _OMNIGLOT_LICENCE,
    "omniglot28": _OMNIGLOT_LICENCE,
    "omniglot28_static": _OMNIGLOT_LICENCE,
    "binarized_mnist": "The MNIST images come under the terms of their authors.",
    "strokes": "The training images are made by the package and come under its licence.",
}


def _data(config: Config) -> str:
    dataset = config.episodes.dataset
    return f"## Data\n\n{_DATA.get(dataset, dataset)}"


def _which_targets(config: Config, kind: Kind) -> str:
    if config.episodes.kind != "few_shot":
        return ""
    if kind.takes_memory:
        return "Every target is a drawing that is not in memory."
    return "C and S name the episodes that targets are taken from; their memory is not read."


def _results(rows: Sequence[Row], config: Config, kind: Kind, measured: bool) -> str:
    if not rows:
        return """## Results

Not measured yet; `evaluate.py` writes metrics.json and this section."""
    lines = ["## Results", ""]
    if not measured:
        lines += ["These were measured on an earlier version.", ""]
    terms = "KL(a), KL(z) and the reconstruction log p(x | a, z)"
    if not kind.has_address:
        terms = "KL(z) and the reconstruction log p(x | z)"
    lines += [
        f"NLL = −L_K, {terms} in nats per image;",
        "lower is better for NLL. ± is one standard error, of a mean over episodes (all_classes,",
        "confounders and table1: over characters, which is larger; nll: over characters where",
        "images are of some, else, as recall, over images).",
        *([which] if (which := _which_targets(config, kind)) else []),
    ]
    listed, table1 = split_table1(rows)
    if listed:
        lines += ["", "| | ours | paper | K | targets |", "|---|---:|---:|---:|---:|"]
    notes: dict[str, None] = {}
    for protocol, group in by_protocol(listed):
        lines.append(f"| **{protocol}** | | | | |")
        lines += [markdown_line((metric_name(row.metric), *cells_of(row))) for row in group]
        notes.update(
            dict.fromkeys(
                f"{protocol}, {metric_name(row.metric)}: {row.note}" for row in group if row.note
            )
        )
    for grid in table1_grids(table1):
        lines += ["", grid.markdown()]
    notes.update(dict.fromkeys(f"table1, NLL: {row.note}" for row in table1 if row.note))
    lines += ["", *(f"* {note}." for note in notes), ""]
    commands = dict.fromkeys(row.command for row in rows)
    lines += ["Measured with", "", *(f"    python {command}" for command in commands)]
    return "\n".join(lines)


def _limits_of_any(config: Config, kind: Kind) -> str:
    """The limits that do not depend on the training."""
    size = config.model.image_size
    return _limits_section(
        "research on generative models.",
        (
            f"Images have {size}x{size} pixels, ink 1 on paper 0. Values in between are accepted, "
            "but their score is not the logarithm of a probability.",
            _bound(kind),
            "Its results should be measured before they are trusted, and it should decide nothing "
            "about people.",
        ),
    )


def _bound(kind: Kind) -> str:
    given = " | M" if kind.takes_memory else ""
    return (
        f"`log_likelihood` is a lower bound on log p(x{given}), tighter with more samples, and "
        "estimated: it changes with the seed. Compare figures at the same K."
    )


def _limits_section(purpose: str, bullets: Iterable[str]) -> str:
    listed = "\n".join(wrapped(f"* {bullet}", indent="  ") for bullet in bullets)
    return f"## Intended use and limits\n\n{wrapped(f'For {purpose}')}\n\n{listed}"


def _limits(config: Config, kind: Kind) -> str:
    size = config.model.image_size
    shown = "digits" if config.episodes.dataset == "binarized_mnist" else "characters"
    purpose = f"research on generative models, and for drawing and scoring simple {shown}."
    if kind.has_address and config.episodes.kind == "few_shot":
        purpose = (
            "research on few-shot generative models, and for drawing, scoring and classifying "
            "simple characters from a few examples."
        )
    bullets = [
        f"Images have {size}x{size} pixels, ink 1 on paper 0. Values in between are accepted, but "
        "the model has seen none, and their score is not the logarithm of a probability.",
        _bound(kind),
    ]
    if kind.takes_memory:
        if config.episodes.kind == "few_shot":
            bullets.append("A drawing that is itself in memory is no test of the model.")
        bullets.append(
            f"It was trained with {trained_on(config, kind)}. It takes other numbers, with results "
            "that should be measured before they are trusted."
        )
    bullets.append(
        f"It knows single {shown} on clean paper, not scans, words or photographs, and should "
        "decide nothing about people."
    )
    return _limits_section(purpose, bullets)


_LICENCE = """\
## Licences

The weights come under the licence of tfvma (MIT)."""


def _licences(config: Config) -> str:
    return f"{_LICENCE} {_LICENCES.get(config.episodes.dataset, '')}"
