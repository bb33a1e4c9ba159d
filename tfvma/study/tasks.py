"""The tasks on which estimators are compared, and what a run of each may cost."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product

from tfvma.config import (
    Config,
    EpisodeConfig,
    IntervalConfig,
    ModelConfig,
    TrainingConfig,
    memory_size,
)
from tfvma.errors import InvalidArgumentError
from tfvma.study.variants import VARIANTS
from tfvma.validation import check_choice

# An address found with this probability is found.
FOUND = 0.95


@dataclass(frozen=True)
class Task:
    """What every estimator is trained on.

    Attributes:
        name: of the folder of its runs.
        config: what is trained; the estimator and the seed are those of the run. A run ends
            after `config.training.steps`, or earlier:
        cpu_seconds: once its steps have taken so many CPU seconds.
        seeds: a run for each.
        estimators: of VARIANTS; () for the best three on recall256, and vimco.
        num_samples: K, a run for each; () for that of `config`.
        learning_rates: a run for each; () for the estimator's own.
        own_rates: learning rates of estimators; others have that of `config`.
        diagnosed_at: steps of a run of vimco, at whose weights the gradients of all
            estimators are compared (tfvma/study/gradients.py).
    """

    name: str
    config: Config
    cpu_seconds: float
    seeds: tuple[int, ...]
    estimators: tuple[str, ...] = ()
    num_samples: tuple[int, ...] = ()
    learning_rates: tuple[float, ...] = ()
    own_rates: Mapping[str, float] = field(default_factory=dict)
    diagnosed_at: tuple[int, ...] = ()

    @property
    def goal(self) -> float | None:
        """The NLL of an optimal lookup table, log M nats; None where nothing is recalled."""
        recalls = self.config.episodes.kind == "recall"
        return math.log(memory_size(self.config)) if recalls else None


def _recall(memory_size: int, entry_to_logits: float = 4.0) -> Config:
    return Config(
        name=f"recall{memory_size}",
        episodes=EpisodeConfig(
            kind="recall",
            dataset="binarized_mnist",
            targets=32,
            memory_size=memory_size,
        ),
        # Given up: the paper's decoder has to learn to copy, and the address is found after
        # 100,000 steps. This one copies from the start, and takes hundreds to thousands.
        model=ModelConfig(
            network="mlp", image_size=28, latent_dim=32, entry_to_logits=entry_to_logits
        ),
        training=TrainingConfig(
            steps=8_000, learning_rate=2e-3, schedule="constant", ema_momentum=0.0
        ),
        intervals=IntervalConfig(log=50, validation=50, checkpoint=500, picture=0),
    )


_FEW_SHOT = Config(
    name="few_shot",
    model=ModelConfig(filters=(24, 24, 32, 32, 32, 32), hidden_units=128),
    training=TrainingConfig(
        steps=100_000,
        learning_rate=1e-3,
        schedule="constant",
        latent_warmup=200,
        ema_momentum=0.99,
    ),
    intervals=IntervalConfig(log=50, validation=250, checkpoint=250, picture=0),
)

# The best of each on the task "rates".
RECALL_RATES = {
    "vimco": 5e-4,
    "vimco_geometric": 5e-4,
    "ovis": 5e-4,
    "wake_wake": 1e-3,
    "wake_wake_joint": 2e-3,
    "wake_wake_stratified": 1e-3,
    "reinforce": 1e-3,
    "nvil": 1e-3,
    "nvil_stratified": 1e-3,
    "concrete": 5e-4,
    "straight_through": 1e-3,
    "exact": 2e-3,
    "exact_top_k": 1e-3,
    "marginal": 2e-3,
    "marginal_top_k": 2e-3,
    "vimco_dreg": 2.5e-4,
}

_TASKS = (
    Task(
        "rates",
        _recall(256),
        cpu_seconds=30.0,
        seeds=(100,),
        estimators=tuple(VARIANTS),
        learning_rates=(2.5e-4, 5e-4, 1e-3, 2e-3, 4e-3),
    ),
    Task(
        "recall256",
        _recall(256),
        cpu_seconds=40.0,
        seeds=(0, 1, 2),
        estimators=tuple(VARIANTS),
        own_rates=RECALL_RATES,
        diagnosed_at=(250, 1_000, 2_500),
    ),
    *(
        Task(
            f"recall{memory_size}",
            _recall(memory_size),
            cpu_seconds,
            seeds=(0, 1, 2),
            own_rates=RECALL_RATES,
        )
        for memory_size, cpu_seconds in ((512, 50.0), (1_024, 70.0), (2_048, 110.0))
    ),
    # An entry is copied to within 0.3 nats from the start: the address is all there is to learn.
    Task(
        "lookup256",
        _recall(256, entry_to_logits=16.0),
        cpu_seconds=120.0,
        seeds=(0, 1, 2),
        estimators=("concrete", "marginal_top_k", "marginal", "vimco"),
        own_rates=RECALL_RATES,
    ),
    Task("few_shot", _FEW_SHOT, cpu_seconds=150.0, seeds=(0, 1, 2), estimators=tuple(VARIANTS)),
    Task(
        "samples",
        _recall(256),
        cpu_seconds=40.0,
        seeds=(0, 1, 2),
        num_samples=(2, 4, 8, 16, 32),
        own_rates=RECALL_RATES,
    ),
)
TASKS = {task.name: task for task in _TASKS}


def get_task(name: str) -> Task:
    """The task called `name`; raises InvalidArgumentError when there is none."""
    check_choice("task", name, TASKS)
    return TASKS[name]


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes:
        task: what on.
        estimator: one of VARIANTS.
        seed: of weights, episodes and noise.
        num_samples: K.
        learning_rate: of Adam.
    """

    task: Task
    estimator: str
    seed: int
    num_samples: int
    learning_rate: float

    @property
    def name(self) -> str:
        """That of its folder."""
        samples = f"-k{self.num_samples}" if self.task.num_samples else ""
        rate = f"-rate{self.learning_rate:g}" if self.task.learning_rates else ""
        return f"{self.estimator}{samples}{rate}-seed{self.seed}"

    @property
    def config(self) -> Config:
        """What `tfvma.training.train` trains."""
        variant = VARIANTS[self.estimator]
        training = dataclasses.replace(
            self.task.config.training,
            estimator=variant.estimator,
            latent_gradient=variant.latent_gradient,
            num_samples=self.num_samples,
            learning_rate=self.learning_rate,
            seed=self.seed,
        )
        return dataclasses.replace(self.task.config, name=self.name, training=training)


def runs_of(task: Task, estimators: tuple[str, ...], seeds: tuple[int, ...]) -> list[Run]:
    """All runs of a task, the first seed of all estimators first.

    Raises InvalidArgumentError for an unknown estimator, or where there is none.
    """
    if not estimators:
        raise InvalidArgumentError(
            f"estimators={estimators!r}: expected names of estimators, or for {task.name!r} runs "
            "of recall256 to choose them by."
        )
    for estimator in estimators:
        check_choice("estimators", estimator, VARIANTS)
    training = task.config.training
    samples = task.num_samples or (training.num_samples,)
    return [
        Run(task, estimator, seed, num_samples, learning_rate)
        for seed, num_samples, estimator in product(seeds, samples, estimators)
        for learning_rate in task.learning_rates or (own_rate(task, estimator),)
    ]


def own_rate(task: Task, estimator: str) -> float:
    """The learning rate of an estimator where the task tries no others."""
    return task.own_rates.get(estimator, task.config.training.learning_rate)
