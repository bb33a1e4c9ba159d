"""Times training steps with hard and with soft attention against the size of the memory.

    python -m benchmarks.attention

See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.command import fill_in, listed, new_parser, run_command
from benchmarks.results_file import markdown_table, report
from benchmarks.timing import cells_of_times, summary
from benchmarks.turns import take_turns
from tfvma.config import Config
from tfvma.presets import get_preset

HARD, HARD_DRAWN = ALL_HARD = "hard", "hard, drawn sample"
SOFT, STRAIGHTFORWARD = ALL_SOFT = "soft", "straightforward soft"
_PRESET = "omniglot26_vma_4shot"
_SOFT_PRESET = "omniglot26_soft"
_MEMORY_SIZES = (8, 16, 32, 48, 64, 96, 128, 256, 512, 1024, 2048, 4096)
# Beyond, its products of weights and features fill the memory of a small machine.
_LARGEST_STRAIGHTFORWARD = 128
_RESULTS = Path(__file__).parent / "results" / "attention.json"
_FIGURE = Path(__file__).parents[1] / "docs" / "hard_against_soft.png"
_COLUMNS = ("attention", "M", "K", "ms", "quartiles", "min", "floor, ms", "ratio")


class Setting(NamedTuple):
    """attention: HARD, with gradients through all samples, HARD_DRAWN, through one of each target,
    SOFT or STRAIGHTFORWARD."""

    attention: str
    memory_size: int


_FULL = {
    "memory_sizes": _MEMORY_SIZES,
    "rounds": 3,
    "steps": 4,
    "output": _RESULTS,
    "figure": _FIGURE,
}
_QUICK = {"memory_sizes": [32, 64], "rounds": 1, "steps": 2}


def parser() -> argparse.ArgumentParser:
    options = new_parser(
        "attention", __doc__, _FULL["rounds"], quick="M = 32 and 64, 1 round of 2 steps"
    )
    options.add_argument(
        "--memory-sizes",
        type=int,
        nargs="+",
        metavar="M",
        help=f"entries in memory ({listed(_MEMORY_SIZES)})",
    )
    options.add_argument(
        "--steps", type=int, metavar="N", help=f"timed steps in each turn ({_FULL['steps']})"
    )
    options.add_argument("--figure", type=Path, metavar="FILE", help="where to draw them, as PNG")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; returns its exit code."""
    options = parser().parse_args(arguments)
    return run_command(lambda: run(resolve(options)))


def resolve(options: argparse.Namespace) -> argparse.Namespace:
    """Fills in what was not given; raises InvalidArgumentError or OutputError."""
    return fill_in(options, _FULL, _QUICK)


def run(options: argparse.Namespace) -> None:
    """Measures, prints the table, and writes and draws it where `options` say."""
    # Imports TensorFlow, which takes seconds: after the arguments are known to be right.
    from benchmarks.attention_figure import write_figure

    config = get_preset(_PRESET)
    milliseconds, rate = measure(
        config, all_settings(options.memory_sizes), options.rounds, options.steps
    )
    rows = [make_row(config, setting, times, rate) for setting, times in milliseconds.items()]
    crossovers = all_crossovers(rows)
    report(table(rows), rows, rate, options.output)
    print(f"\n{crossover_sentences(crossovers)}")
    if options.figure is not None:
        write_figure(options.figure, rows, crossovers)


def all_settings(memory_sizes: Sequence[int]) -> list[Setting]:
    """All at every size, the straightforward one while it fits."""
    return [
        Setting(attention, memory_size)
        for memory_size in sorted(set(memory_sizes))
        for attention in (*ALL_HARD, *ALL_SOFT)
        if attention != STRAIGHTFORWARD or memory_size <= _LARGEST_STRAIGHTFORWARD
    ]


def config_of(config: Config, setting: Setting) -> Config:
    """That of hard attention, or of soft attention on the same episodes and network."""
    if setting.attention == HARD:
        return config
    if setting.attention == HARD_DRAWN:
        drawn = dataclasses.replace(config.training, backward="drawn_sample")
        return dataclasses.replace(config, training=drawn)
    soft = get_preset(_SOFT_PRESET)
    return dataclasses.replace(
        config,
        model=dataclasses.replace(config.model, family=soft.model.family),
        training=dataclasses.replace(
            config.training,
            num_samples=soft.training.num_samples,
            latent_warmup=soft.training.latent_warmup,
        ),
    )


def measure(
    config: Config, settings: Sequence[Setting], rounds: int, steps: int
) -> tuple[dict[Setting, list[float]], float]:
    """Milliseconds of every timed step, and the best float32 matrix rate of the run."""
    return take_turns(
        settings,
        functools.partial(make_step, config),
        lambda setting: setting.attention in ALL_HARD,
        lambda setting: f"{setting.attention}, M = {setting.memory_size}",
        rounds,
        steps,
    )


def make_step(config: Config, setting: Setting) -> Callable[[], None]:
    """A function that runs one training step of a setting."""
    from benchmarks.training_step import step_of

    return step_of(make_model(config, setting), config, setting.memory_size)


def make_model(config: Config, setting: Setting):
    """The compiled model of a setting, in float32 and without XLA, as train.py has it."""
    from benchmarks.straightforward_soft import StraightforwardSoft
    from tfvma.models.build import build_model
    from tfvma.training.optimizer import make_optimizer
    from tfvma.training.threads import side_by_side

    config = config_of(config, setting)
    model = build_model(config, "float32")
    if setting.attention == STRAIGHTFORWARD:
        model = StraightforwardSoft.from_config(model.get_config())
    addressing = {"slices": side_by_side(), "backward": config.training.backward}
    model.compile(
        optimizer=make_optimizer(config.training),
        **(addressing if config.model.family == "vma" else {}),
        latent_warmup=config.training.latent_warmup,
        jit_compile=False,
    )
    return model


def make_row(config: Config, setting: Setting, milliseconds: Sequence[float], rate: float) -> dict:
    """One row of the results; the floor of both soft ones is that of the faster one, and that of
    both hard ones has gradients through all samples."""
    from benchmarks.arithmetic import step_arithmetic
    from benchmarks.soft_arithmetic import soft_step_arithmetic

    num_targets = config.episodes.num_classes * config.episodes.targets_per_class
    num_samples = config_of(config, setting).training.num_samples
    least = step_arithmetic if setting.attention in ALL_HARD else soft_step_arithmetic
    arithmetic = least(config.model, num_targets, setting.memory_size, num_samples)
    floor = 1e3 * arithmetic / rate
    times = summary(milliseconds)
    return {
        **setting._asdict(),
        "num_targets": num_targets,
        "num_samples": num_samples,
        **times,
        "least_gigaflop": round(arithmetic / 1e9, 3),
        "floor_milliseconds": round(floor, 2),
        "ratio": round(times["milliseconds"] / floor, 3),
    }


def medians(rows: Sequence[dict], attention: str) -> dict[int, float]:
    """Milliseconds by the size of the memory, in ascending order."""
    return {
        row["memory_size"]: row["milliseconds"]
        for row in sorted(rows, key=lambda row: row["memory_size"])
        if row["attention"] == attention
    }


def all_crossovers(rows: Sequence[dict]) -> dict[tuple[str, str], int | None]:
    """`crossover` of each hard attention against each soft one."""
    return {(hard, soft): crossover(rows, hard, soft) for hard in ALL_HARD for soft in ALL_SOFT}


def crossover(rows: Sequence[dict], hard: str, soft: str) -> int | None:
    """The least measured M from which on `hard` is faster than `soft` at every measured size, its
    upper quartile below the other's lower one; None where it is not at the largest."""
    quartiles = {(row["attention"], row["memory_size"]): row["quartiles"] for row in rows}
    sizes = medians(rows, hard).keys() & medians(rows, soft).keys()
    first = None
    for memory_size in sorted(sizes, reverse=True):
        _, slowest = quartiles[hard, memory_size]
        fastest, _ = quartiles[soft, memory_size]
        if slowest >= fastest:
            break
        first = memory_size
    return first


def crossover_sentences(crossovers: Mapping[tuple[str, str], int | None]) -> str:
    """A line for each pair, from what `all_crossovers` found."""
    return "\n".join(
        f"* {hard}, against {soft}: {_describe(memory_size)}."
        for (hard, soft), memory_size in crossovers.items()
    )


def table(rows: Sequence[Mapping]) -> str:
    """The rows as a Markdown table."""
    return markdown_table(
        _COLUMNS,
        [
            (
                row["attention"],
                str(row["memory_size"]),
                str(row["num_samples"]),
                *cells_of_times(row),
            )
            for row in rows
        ],
    )


def _describe(memory_size: int | None) -> str:
    if memory_size is None:
        return "not faster, or within the quartiles, at the largest memory that was measured"
    return f"faster from M = {memory_size} on, where quartiles no longer overlap"


if __name__ == "__main__":
    sys.exit(main())
