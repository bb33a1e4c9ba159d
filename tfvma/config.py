"""What describes one experiment: episodes, model, training. Plain frozen data."""

from __future__ import annotations

import dataclasses
import difflib
import json
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

from tfvma.datasets import CHARACTERS, IMAGES
from tfvma.errors import InvalidArgumentError
from tfvma.validation import check_at_least, check_choice, check_seed

SCHEDULES = ("constant", "cosine")
OPTIMIZERS = ("adam", "muon")
PRECISIONS = ("float32", "mixed_bfloat16")
MEMORY_STARTS = ("noise", "images")
_CLASSES = (
    "episodes.num_classes",
    "episodes.targets_per_class",
    "episodes.shots",
    "episodes.varied_shots",
    "episodes.turned",
    "episodes.warped_copies",
    "episodes.warped_alike",
)
# What each choice leaves unread.
_UNREAD = {
    "episodes.kind": {
        "few_shot": ("episodes.targets", "episodes.memory_size", "episodes.warped_targets"),
        "recall": _CLASSES,
        "images": (*_CLASSES, "episodes.memory_size", "episodes.warped_targets"),
    },
    "model.family": {
        "vma": (),
        "soft_attention": (
            "model.memory_size",
            "model.prior",
            "model.tied",
            "training.estimator",
            "training.latent_gradient",
            "training.backward",
            "training.memory_start",
            "intervals.diagnostics",
        ),
        "vae": (
            "episodes.varied_shots",
            "model.memory_size",
            "model.entry_to_logits",
            "model.key_dim",
            "model.similarity",
            "model.prior",
            "model.tied",
            "training.estimator",
            "training.latent_gradient",
            "training.backward",
            "training.memory_start",
            "intervals.diagnostics",
        ),
    },
    "model.network": {
        "conv": ("model.units", "model.entry_to_logits"),
        "mlp": (
            "model.filters",
            "model.stride_first",
            "model.hidden_units",
            "training.memory_start",
        ),
    },
}
# Datasets whose drawings are there at their own size, to be warped.
_WARPED = ("omniglot26", "omniglot26_tuning", "gmn")
# What layers and models take, whose modules import TensorFlow.
_CHOICES = {
    "model.similarity": ("normalized", "inner", "cosine"),
    "model.prior": ("learned", "flat"),
    "training.latent_gradient": ("reparameterized", "doubly_reparameterized"),
    "training.backward": ("all_samples", "drawn_sample"),
}
KINDS, FAMILIES, NETWORKS = (
    tuple(_UNREAD[key]) for key in ("episodes.kind", "model.family", "model.network")
)


@dataclass(frozen=True)
class EpisodeConfig:
    """How an episode is drawn.

    kind: "few_shot", B = num_classes * targets_per_class targets and M = num_classes * shots
    memory entries, other drawings of the same characters; "recall", M = memory_size random
    images, of which B = targets are to be recalled; "images", B = targets images and no memory.

    varied_shots: two or more numbers of examples, one of which, all as probable, each step of
    training has in the place of `shots`, which stays the most and what is held out has; () for
    `shots` always. With estimators that only sample, and slower by what knowing M saves.

    turned: characters to train on are also there turned by 90, 180 and 270 degrees, as other
    characters, which the paper's are not; held-out ones stay as they are.

    warped_copies: how many more times each character to train on is there, each drawing turned,
    stretched, slanted and shifted a little (`tfvma.data.warped`); of "omniglot26",
    "omniglot26_tuning" and "gmn" alone.

    warped_alike: whether all drawings of a character of a copy are warped in one way, so that they
    differ from each other as they were drawn.

    warped_targets: whether the targets of "recall" are warped a little, each in its own way, so
    that they are like an entry, and not it.
    """

    dataset: str = "omniglot26"
    kind: str = "few_shot"
    num_classes: int = 8
    targets_per_class: int = 4
    shots: int = 4
    varied_shots: tuple[int, ...] = ()
    turned: bool = False
    warped_copies: int = 0
    warped_alike: bool = False
    targets: int = 32
    memory_size: int = 256
    warped_targets: bool = False


@dataclass(frozen=True)
class ModelConfig:
    """What the model is made of.

    family: "vma", or one of the baselines with the same encoder and decoder: "soft_attention"
        and "vae".
    network: "conv", the convolutions of section 4.2 of the paper (`filters`, `stride_first`,
        `hidden_units`), or "mlp", the dense layers of section 4.1 (`units`).
    entry_to_logits: gain of the linear map of m_a that is added to the logits of "mlp", which
        starts as so many times the identity; 0 for none.
    memory_size: M of a learned memory; 0 where the memory comes with the episode.
    """

    family: str = "vma"
    network: str = "conv"
    image_size: int = 26
    memory_size: int = 0
    filters: tuple[int, ...] = (48, 48, 64, 64, 64, 64)
    stride_first: bool = True
    hidden_units: int = 256
    units: tuple[int, ...] = (256, 128)
    entry_to_logits: float = 0.0
    latent_dim: int = 64
    key_dim: int = 128
    similarity: str = "normalized"
    prior: str = "learned"
    tied: bool = False


@dataclass(frozen=True)
class TrainingConfig:
    """How the model is trained; intervals and warm-ups are in steps.

    `estimator` is a name of `tfvma.estimators`, with settings where others than the defaults are
    wanted: "ovis(gamma=0.5)".
    `start_from` is the SavedModel whose weights training starts from, such as
    savedmodels/NAME, whose layers may be narrower; of another family it gives the weights that
    both have in one shape, and a tied model takes h alone from one that is not, scaled to queries
    as long as those were where keys are divided by their norm; "" starts afresh.
    Without a version the latest is taken, and config.json says which that was.
    `l2` is of the loss, and with Adam or Muon counts for less where gradients are large;
    `weight_decay` shrinks kernels by rate * weight_decay a step beside the update (Loshchilov and
    Hutter 2019). Where keys are divided by their norm the bound does not keep the kernels of h
    from growing, nor their steps from vanishing beside them.
    `ema_momentum` is of the averaged weights, which are what is scored and kept; it rises to its
    value, t / (t + 9) at most after t steps, and 0 averages nothing.
    `memory_start` is what a learned memory of a convolutional model begins as: "noise", or
    "images", as many different ones of the training set, so that slots differ from the first
    step as targets do; also where other weights are those of `start_from`.
    `backward` is "all_samples", or "drawn_sample": gradients pass z, what is read of m, and the
    decoder through one of the samples, drawn in proportion to what it teaches, with VIMCO to its
    weight.
    A step is one update with the mean gradient of `episodes_per_step` whole episodes, on however
    many devices.
    `sharpened_for` is the K of a bound, for which the logits are multiplied by one number when all
    steps are done (`tfvma.training.sharpen`); 0 leaves them as they were trained.
    """

    steps: int = 40_000
    episodes_per_step: int = 1
    num_samples: int = 4
    estimator: str = "vimco"
    latent_gradient: str = "reparameterized"
    backward: str = "all_samples"
    optimizer: str = "adam"
    learning_rate: float = 3e-4
    schedule: str = "cosine"
    learning_rate_warmup: int = 0
    latent_warmup: int = 0
    ema_momentum: float = 0.999
    l2: float = 0.0
    weight_decay: float = 0.0
    precision: str = "float32"
    seed: int = 0
    start_from: str = ""
    memory_start: str = "noise"
    sharpened_for: int = 0


@dataclass(frozen=True)
class IntervalConfig:
    """After how many steps something is done while training; 0 is never.

    `diagnostics` are those of `tfvma.diagnostics`; one takes as long as about a hundred steps.
    """

    log: int = 100
    validation: int = 1_000
    checkpoint: int = 500
    picture: int = 5_000
    diagnostics: int = 0


@dataclass(frozen=True)
class Config:
    """One experiment. `name` is the folder under `runs/` and `savedmodels/`."""

    name: str
    episodes: EpisodeConfig = field(default_factory=EpisodeConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    intervals: IntervalConfig = field(default_factory=IntervalConfig)


_SECTIONS = {
    section: kind for section, kind in get_type_hints(Config).items() if is_dataclass(kind)
}


def option_types() -> dict[str, Any]:
    """The type of every option, by dotted key: {"training.steps": int, ...}."""
    return {
        f"{section}.{name}": hint
        for section, kind in _SECTIONS.items()
        for name, hint in get_type_hints(kind).items()
    }


def options(config: Config) -> dict[str, Any]:
    """The value of every option, by dotted key: {"training.steps": 40000, ...}."""
    return {
        f"{section}.{name}": value
        for section, values in dataclasses.asdict(config).items()
        if isinstance(values, dict)
        for name, value in values.items()
    }


def replace_options(config: Config, values: Mapping[str, Any]) -> Config:
    """`config` with other values for some dotted keys.

    Raises InvalidArgumentError for an unknown key or a value of another type.
    """
    types = option_types()
    sections: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        if key not in types:
            raise InvalidArgumentError(_unknown(key, value, types))
        section, name = key.split(".")
        sections.setdefault(section, {})[name] = _typed(key, value, types[key])
    return dataclasses.replace(
        config,
        **{
            section: dataclasses.replace(getattr(config, section), **changes)
            for section, changes in sections.items()
        },
    )


def to_dict(config: Config) -> dict[str, Any]:
    """Nested dicts, lists, strings and numbers, as JSON has them."""
    return json.loads(json.dumps(dataclasses.asdict(config)))


def from_dict(values: Mapping[str, Any]) -> Config:
    """The inverse of `to_dict`; what is not there takes its default.

    Raises InvalidArgumentError for an unknown key or a value of another type.
    """
    if not isinstance(values, Mapping):
        raise InvalidArgumentError(f"configuration {values!r}: expected sections with options.")
    name = values.get("name")
    if not isinstance(name, str):
        raise InvalidArgumentError(f"name={name!r}: expected a string.")
    flat: dict[str, Any] = {}
    for section, content in values.items():
        if section == "name":
            continue
        if section not in _SECTIONS:
            raise InvalidArgumentError(_unknown(section, content, option_types()))
        if not isinstance(content, Mapping):
            raise InvalidArgumentError(f"{section}={content!r}: expected a section with options.")
        flat.update({f"{section}.{key}": value for key, value in content.items()})
    return replace_options(Config(name), flat)


def memory_size(config: Config) -> int:
    """M, the slots that training reads from: learned ones, or those of an episode."""
    drawn = config.episodes
    of_episode = drawn.num_classes * drawn.shots
    return config.model.memory_size or (drawn.memory_size if drawn.kind == "recall" else of_episode)


def check_config(config: Config) -> None:
    """Raises InvalidArgumentError for a value that no run can work with.

    What layers and estimators require they check themselves when they are made.
    """
    values = options(config)
    for key in (
        "episodes.num_classes",
        "episodes.targets_per_class",
        "episodes.shots",
        "episodes.targets",
        "episodes.memory_size",
        "training.steps",
        "training.episodes_per_step",
        "training.num_samples",
    ):
        check_at_least(key, values[key], 1)
    check_seed("training.seed", config.training.seed)
    for key in (
        "episodes.warped_copies",
        "training.learning_rate_warmup",
        "training.latent_warmup",
        "training.sharpened_for",
        "intervals.log",
        "intervals.validation",
        "intervals.checkpoint",
        "intervals.picture",
        "intervals.diagnostics",
    ):
        check_at_least(key, values[key], 0)
    for key in ("training.l2", "training.weight_decay"):
        check_at_least(key, values[key], 0.0)
    check_model(config.model)
    _check_choices(values)
    _check_memory(config)
    datasets = CHARACTERS if config.episodes.kind == "few_shot" else IMAGES
    check_choice("episodes.dataset", config.episodes.dataset, datasets)
    check_choice("training.memory_start", config.training.memory_start, MEMORY_STARTS)
    if config.training.memory_start != "noise" and config.model.memory_size == 0:
        raise InvalidArgumentError(
            f"training.memory_start={config.training.memory_start!r}: expected 'noise', the "
            "default, with model.memory_size=0, where there is no learned memory."
        )
    drawn = config.episodes
    varied = drawn.varied_shots
    within = all(1 <= shots <= drawn.shots for shots in varied)
    if len(varied) == 1 or len(set(varied)) < len(varied) or not within:
        raise InvalidArgumentError(
            f"episodes.varied_shots={varied}: expected two or more different numbers from 1 to "
            f"episodes.shots={drawn.shots}, or none."
        )
    if config.episodes.warped_copies > 0:
        check_choice("episodes.dataset", config.episodes.dataset, _WARPED)
    elif config.episodes.warped_alike:
        raise InvalidArgumentError(
            "episodes.warped_alike=True: expected False, the default, with "
            "episodes.warped_copies=0, where nothing is warped."
        )
    check_choice("training.schedule", config.training.schedule, SCHEDULES)
    check_choice("training.optimizer", config.training.optimizer, OPTIMIZERS)
    check_choice("training.precision", config.training.precision, PRECISIONS)
    rate, momentum = config.training.learning_rate, config.training.ema_momentum
    if not rate > 0.0:
        raise InvalidArgumentError(f"training.learning_rate={rate!r}: expected more than 0.")
    if not 0.0 <= momentum < 1.0:
        raise InvalidArgumentError(
            f"training.ema_momentum={momentum!r}: expected at least 0 and less than 1."
        )


def check_model(model: ModelConfig) -> None:
    """Raises InvalidArgumentError for a number out of range, a choice that is none, or one that the
    model would not read."""
    values = {f"model.{name}": value for name, value in dataclasses.asdict(model).items()}
    for key in ("model.hidden_units", "model.latent_dim", "model.key_dim", "model.image_size"):
        check_at_least(key, values[key], 1)
    check_at_least("model.memory_size", model.memory_size, 0)
    check_at_least("model.entry_to_logits", model.entry_to_logits, 0.0)
    _check_choices(values)
    if len(model.units) != 2 or min(model.units) < 1:
        raise InvalidArgumentError(f"model.units={model.units}: expected two widths from 1.")
    if len(model.filters) < 2 or min(model.filters) < 1:
        raise InvalidArgumentError(
            f"model.filters={model.filters}: expected two or more widths from 1."
        )


def _check_choices(values: Mapping[str, Any]) -> None:
    """Raises InvalidArgumentError for a choice that is none, or one that would change nothing."""
    for key, choices in (*_UNREAD.items(), *_CHOICES.items()):
        if key in values:
            check_choice(key, values[key], choices)
    defaults = options(Config(""))
    for choice in [key for key in _UNREAD if key in values]:
        for key in _UNREAD[choice][values[choice]]:
            if key in values and values[key] != defaults[key]:
                raise InvalidArgumentError(
                    f"{key}={values[key]!r}: expected {defaults[key]!r}, the default, with "
                    f"{choice}={values[choice]!r}, which does not read it."
                )


def _check_memory(config: Config) -> None:
    """Raises InvalidArgumentError for a memory that nothing fills, or that two things would."""
    episodes, model = config.episodes, config.model
    if episodes.kind == "recall" and episodes.targets > episodes.memory_size:
        raise InvalidArgumentError(
            f"episodes.targets={episodes.targets}: expected at most "
            f"episodes.memory_size={episodes.memory_size}, since targets are in memory."
        )
    if model.family == "soft_attention" and model.network == "mlp":
        raise InvalidArgumentError(
            "model.network='mlp': expected 'conv' with model.family='soft_attention'."
        )
    if model.family == "vae":
        return
    if model.memory_size > 0 and episodes.kind != "images":
        raise InvalidArgumentError(
            f"episodes.kind={episodes.kind!r}: expected 'images' with "
            f"model.memory_size={model.memory_size}, a learned memory."
        )
    if model.memory_size == 0 and episodes.kind == "images":
        raise InvalidArgumentError(
            "episodes.kind='images': expected 'few_shot' or 'recall', whose episodes bring a "
            f"memory, with model.family={model.family!r} and model.memory_size=0."
        )


def _typed(key: str, value: Any, hint: Any) -> Any:
    if hint is float and type(value) in (int, float):
        if not abs(value) <= sys.float_info.max:
            raise InvalidArgumentError(f"{key}={value!r}: expected a finite number.")
        return float(value)
    if get_origin(hint) is tuple:
        item = get_args(hint)[0]
        if isinstance(value, (list, tuple)) and all(type(part) is item for part in value):
            return tuple(value)
    elif type(value) is hint:
        return value
    raise InvalidArgumentError(f"{key}={value!r}: expected {describe_type(hint)}.")


def describe_type(hint: Any) -> str:
    """A type of an option in words."""
    if get_origin(hint) is tuple:
        return "whole numbers such as 24,32"
    return {int: "a whole number", float: "a number", bool: "true or false", str: "text"}[hint]


def _unknown(key: str, value: Any, known: Collection[str]) -> str:
    same_name = [other for other in known if other.endswith("." + key.rpartition(".")[2])]
    near = same_name or difflib.get_close_matches(key, known, n=3, cutoff=0.5)
    expected = " or ".join(near) if near else "one of " + ", ".join(known)
    return f"{key}={value!r}: there is no option {key!r}; expected {expected}."
