"""The model card: what a SavedModel is, how it came about, and how to call it."""

from __future__ import annotations

import inspect
import os
import shlex
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tfvma.config import Config, options
from tfvma.errors import OutputError
from tfvma.evaluation.metrics_file import Row, read_rows
from tfvma.evaluation.table import by_protocol, cells_of, metric_name
from tfvma.layers.conv_pyramid import pyramid_sizes, pyramid_strides
from tfvma.presets import get_preset, preset_names
from tfvma.repeat_score import repeat_score
from tfvma.servable import Training, find_version, read_training
from tfvma.training.atomic import replacing
from tfvma.training.run_folder import RunFolder, read_config


@dataclass(frozen=True)
class ModelCard:
    """What the card is made of.

    Attributes:
        config: of the model.
        version: of the SavedModel.
        training: how its weights came about.
        rows: of metrics.json.
        measured: whether the rows were measured on this version.
    """

    config: Config
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
    sections = (
        _summary(card),
        _architecture(card.config),
        _training(card.config, card.training),
        _data(card.config),
        _results(card.rows, card.measured),
        _serving(card.config, card.version),
        _signatures(card.config),
        _repeating(),
        _limits(card.config),
        _licences(card.config),
    )
    return "\n\n".join(section.strip("\n") for section in sections) + "\n"


def training_command(config: Config) -> str:
    """The command that trains a model like this one, from the nearest preset.

    Intervals of logs and checkpoints are left out: they do not change the weights.
    """

    def changes(preset: str) -> dict[str, object]:
        theirs = options(get_preset(preset))
        return {
            key: value
            for key, value in options(config).items()
            if value != theirs[key] and not key.startswith("intervals.")
        }

    names = preset_names()
    preset = config.name if config.name in names else min(names, key=lambda n: len(changes(n)))
    words = ["python", "train.py", "--preset", preset]
    if config.name != preset:
        words += ["--name", config.name]
    for key, value in changes(preset).items():
        words += ["--set", f"{key}={_option(value)}"]
    return shlex.join(words)


def _option(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _summary(card: ModelCard) -> str:
    size = card.config.model.image_size
    return f"""# {card.config.name}

A generative model of binary {size}x{size} images that reads an external memory by sampling
an address (Bornschein, Mnih, Zoran, Rezende, "Variational Memory Addressing in Generative
Models", NeurIPS 2017):

    p(x | M) = sum_a p(a | M) ∫ p(z | m_a) p(x | z, m_a) dz

The memory M comes with every call. Fill it with a few drawings of a character that the
model was never trained on, and it generates, scores and classifies drawings of that
character, with no retraining. This is version {card.version}; it needs TensorFlow and
nothing else."""


def _architecture(config: Config) -> str:
    model = config.model
    strides = pyramid_strides(len(model.filters), model.stride_first)
    sizes = pyramid_sizes(model.image_size, strides)
    strided = ", ".join(str(layer) for layer, stride in enumerate(strides, 1) if stride == 2)
    widths = ", ".join(map(str, model.filters))
    similarity = {
        "normalized": "`<e_m, e_x> / ||e_m||`, as in the paper",
        "inner": "the inner product",
        "cosine": "the cosine",
    }[model.similarity]
    prior = {
        "learned": "a softmax of the same similarity with a learned query point",
        "flat": "flat",
    }[model.prior]
    tied = "the same network for both" if model.tied else "a network for each"
    bullets = (
        f"Pyramids: {len(model.filters)} convolutions, 3x3, ReLU, with {widths} feature maps; "
        f"stride 2 in layers {strided}; sides {', '.join(map(str, sizes))}. The network of "
        "p(z | m) and the entry's side of p(x | z, m) share one pyramid; q(z | m, x), keys and "
        "queries have their own.",
        f"Hidden layers of the MLPs: one, {model.hidden_units} units, ReLU.",
        f"z: {model.latent_dim} dimensions, diagonal normal. Keys: {model.key_dim} dimensions, "
        f"{tied}.",
        "q(a | M, x): softmax over the similarities of keys and query, "
        f"{similarity}. p(a | M): {prior}.",
        "q(z | m, x): a pyramid over x and m concatenated.",
        "p(x | z, m): Bernoulli pixels. The top of the entry's pyramid becomes a "
        f"{model.latent_dim}-vector that joins z; 3x3 transposed convolutions then mirror the "
        "pyramid, and each layer, the last one too, also reads the entry's features of its size.",
    )
    return "\n".join(
        (
            "## Architecture",
            "",
            "Where the paper leaves a choice, this is what was chosen.",
            "",
            *(_wrap(f"* {bullet}", indent="  ") for bullet in bullets),
        )
    )


def _wrap(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 100, subsequent_indent=indent, break_on_hyphens=False)


def _training(config: Config, training: Training) -> str:
    episodes, settings = config.episodes, config.training
    steps = f"{settings.steps:,}" if training.steps is None else f"{training.steps:,}"
    if training.steps not in (None, settings.steps) and not settings.start_from:
        steps += f" of {settings.steps:,}"
    minutes = "" if training.minutes is None else f" in {training.minutes:,.0f} minutes"
    earlier = f", those of {settings.start_from} included" if settings.start_from else ""
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
    if settings.l2:
        details.append(f"L2 {settings.l2:g}")
    if settings.ema_momentum:
        details.append(f"weights averaged with momentum {settings.ema_momentum:g}")
    summary = (
        f"{steps} steps{minutes}{earlier}. Estimator {settings.estimator} with "
        f"K = {settings.num_samples}; each step takes one episode of {episodes.num_classes} "
        f"characters with {episodes.targets_per_class} targets and {episodes.shots} other "
        f"drawings in memory of each. {'; '.join(details)}."
    )
    return f"## Training\n\n    {training_command(config)}\n\n{_wrap(summary)}"


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
    "strokes": """Procedural characters that the package makes from a fixed seed: alphabets share a
repertoire of strokes, and drawers differ in motor noise, slant, scale and position. Binary, 0 is
paper and 1 is ink; training and test have no alphabet in common.""",
}
_OMNIGLOT_LICENCE = "The Omniglot images are under the MIT licence, copyright 2015 Brenden Lake."
_LICENCES = {
    "omniglot26": _OMNIGLOT_LICENCE,
    "omniglot26_tuning": _OMNIGLOT_LICENCE,
    "strokes": "The training images are made by the package and come under its licence.",
}


def _data(config: Config) -> str:
    dataset = config.episodes.dataset
    return f"## Data\n\n{_DATA.get(dataset, dataset)}"


def _results(rows: Sequence[Row], measured: bool) -> str:
    if not rows:
        return """## Results

Not measured yet; `evaluate.py` writes metrics.json and this section."""
    lines = ["## Results", ""]
    if not measured:
        lines += ["These were measured on an earlier version.", ""]
    lines += [
        "NLL = −L_K, KL(a), KL(z) and the reconstruction log p(x | a, z) in nats per image;",
        "lower is better for NLL. ± is one standard error, clustered by episode (all_classes: by",
        "character). Every target is a drawing that is not in memory.",
        "",
        "| | ours | paper | K | targets |",
        "|---|---:|---:|---:|---:|",
    ]
    notes: dict[str, None] = {}
    for protocol, group in by_protocol(rows):
        lines.append(f"| **{protocol}** | | | | |")
        lines += [f"| {' | '.join((metric_name(row.metric), *cells_of(row)))} |" for row in group]
        notes.update(
            dict.fromkeys(
                f"{protocol}, {metric_name(row.metric)}: {row.note}" for row in group if row.note
            )
        )
    lines += ["", *(f"* {note}." for note in notes), ""]
    commands = dict.fromkeys(row.command for row in rows)
    lines += ["Measured with", "", *(f"    python {command}" for command in commands)]
    return "\n".join(lines)


def _serving(config: Config, version: int) -> str:
    name, size = config.name, config.model.image_size
    return f"""## How to serve it

With TensorFlow Serving, from the folder of this card:

    docker run -p 8501:8501 -v "$PWD:/models/{name}" -e MODEL_NAME={name} tensorflow/serving

Requests take the columnar form, since x and memory differ in length:

    POST http://localhost:8501/v1/models/{name}:predict
    {{"signature_name": "classify",
     "inputs": {{"x": [...], "memory": [...], "memory_label": [0, 0, 1, 1], "ways": 2}}}}

In Python, with TensorFlow alone, from the same folder:

```python
import tensorflow as tf

model = tf.saved_model.load("{version}")
x = tf.zeros([5, {size}, {size}, 1])  # drawings to score: 0 is paper, 1 is ink
memory = tf.zeros([3, {size}, {size}, 1])  # drawings to read
terms = model.signatures["score"](
    x=x, memory=memory, num_samples=tf.constant(1000), seed=tf.constant([0, 0])
)
print(terms["log_likelihood"])  # nats, one for each drawing
```"""


def _signatures(config: Config) -> str:
    image = f"{config.model.image_size},{config.model.image_size},1"
    latent = config.model.latent_dim
    return f"""## Signatures

Targets B, memory entries M, samples K and pairs N are free.

| signature | in | out |
|---|---|---|
| `address` | x [B,{image}], memory [M,{image}] | log_posterior [B,M], log_prior [M] |
| `latent_prior` | entry [N,{image}] | loc, scale [N,{latent}] |
| `latent_posterior` | x [N,{image}], entry [N,{image}] | loc, scale [N,{latent}] |
| `decode` | z [N,{latent}], entry [N,{image}] | logits [N,{image}] |
| `score`, the default | x, memory, num_samples, seed | log_likelihood, kl_address, kl_latent, \
reconstruction, [B] each |
| `generate` | memory, num_samples, seed | images [K,{image}], address [K] |
| `reconstruct` | x, memory, num_samples, seed | images [K,B,{image}], address [K,B] |
| `classify` | x, memory, memory_label [M], ways | probabilities [B,ways] |

x, memory, entry and z are float32; num_samples and ways int32 scalars; seed int32 [2]; memory_label
int32 in 0..ways-1; address int32. Pixels are 0 for paper and 1 for ink. `log_*` are normalised
natural logarithms, `scale` is the standard deviation, `images` are probabilities of ink.
`log_likelihood` is L_K; `kl_address` is summed exactly over the memory; `kl_latent` is analytic,
averaged over the K addresses, as `reconstruction`, log p(x | a, z), is. `classify` sums q(a | x) by
label. The same seed gives the same numbers."""


def _repeating() -> str:
    return f"""## Repeating `score`

The seed gives the noise of all addresses at once and of z sample by sample. This repeats `score`
from the four primitives, for x and memory as NumPy arrays and the signatures of a model loaded as
above:

```python
import numpy as np
import tensorflow as tf


{inspect.getsource(repeat_score).strip()}
```"""


def _limits(config: Config) -> str:
    size = config.model.image_size
    episodes = config.episodes
    return f"""## Intended use and limits

For research on few-shot generative models, and for drawing, scoring and classifying simple
characters from a few examples.

* Images have {size}x{size} pixels, ink 1 on paper 0. Values in between are accepted, but the
  model has seen none, and their score is not the logarithm of a probability.
* `log_likelihood` is a lower bound on log p(x | M), tighter with more samples, and estimated:
  it changes with the seed. Compare figures at the same K.
* A drawing that is itself in memory is no test of the model.
* It was trained with {episodes.num_classes} characters and {episodes.shots} examples of each in
  memory. It takes other numbers, with results that should be measured before they are trusted.
* It knows single characters on clean paper, not scans, words or photographs, and should decide
  nothing about people."""


def _licences(config: Config) -> str:
    dataset = config.episodes.dataset
    return f"""## Licences

The weights come under the licence of tfvma (MIT). {_LICENCES.get(dataset, "")}"""
