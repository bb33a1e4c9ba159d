"""Times a step of every estimator of a task, in turns, at the weights that a run ended with.

    python -m tfvma.study.costs --task few_shot

Runs are made one after the other, and a machine is not always as fast. Where costs were measured,
the report has the time of a run from its steps and the cost of one.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tfvma.errors import InvalidArgumentError, TfvmaError
from tfvma.study.estimators import RUNS_DIR
from tfvma.study.outcome import check_same, is_done, run_folder, write_json
from tfvma.study.tasks import TASKS, Run, get_task, runs_of
from tfvma.study.variants import VARIANTS
from tfvma.study.worker import ONE_THREAD
from tfvma.validation import check_at_least

_STEPS_A_TURN = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns 0, or 2 for an error."""
    summary, _, epilog = __doc__.partition("\n\n")
    options = argparse.ArgumentParser(
        prog="python -m tfvma.study.costs",
        description=summary,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("--task", choices=TASKS, required=True)
    options.add_argument("--rounds", type=int, default=5, help="turns of each (%(default)s)")
    options.add_argument("--runs-dir", type=Path, default=RUNS_DIR, help="(%(default)s)")
    options.add_argument("--data-dir", help="as for train.py")
    parsed = options.parse_args(arguments)
    os.environ.update(ONE_THREAD)
    try:
        check_at_least("--rounds", parsed.rounds, 1)
        task = get_task(parsed.task)
        if task.goal is not None:
            raise InvalidArgumentError(
                f"--task={task.name!r}: expected a task that is compared after equal seconds, in "
                "which nothing is recalled."
            )
        runs = {
            run.estimator: run
            for run in reversed(runs_of(task, tuple(VARIANTS), task.seeds))
            if is_done(parsed.runs_dir, run)
        }
        if not runs:
            raise InvalidArgumentError(f"--task={task.name!r}: expected a task with runs done.")
        for run in runs.values():
            check_same(parsed.runs_dir, run)
        costs = measure_costs(runs, parsed.runs_dir, parsed.data_dir, parsed.rounds)
        write_json(costs_file(parsed.runs_dir, task.name), costs)
    except TfvmaError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def costs_file(runs_dir: Path, task: str) -> Path:
    """Where they lie: {estimator: CPU seconds of a step}."""
    return runs_dir / task / "costs.json"


def measure_costs(
    runs: dict[str, Run], runs_dir: Path, data_dir: str | None, rounds: int
) -> dict[str, float]:
    """The median of the CPU seconds of a step over all turns, by name."""
    # Imports TensorFlow, which takes seconds: after the arguments are known to be right.
    import statistics

    from tqdm import tqdm

    from tfvma.training.step_clock import StepClock

    steps = {
        name: _make_step(run, run_folder(runs_dir, run), data_dir)
        for name, run in tqdm(runs.items(), desc="compiling", file=sys.stderr)
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in tqdm(range(rounds), desc="rounds", file=sys.stderr):
        for name, step in steps.items():
            # Finds the caches of another estimator.
            step()
            for _ in range(_STEPS_A_TURN):
                clock = StepClock()
                clock.on_train_batch_begin(0)
                step()
                clock.on_train_batch_end(0)
                seconds[name].append(clock.cpu_seconds)
    return {name: statistics.median(values) for name, values in seconds.items()}


def _make_step(run: Run, folder: Path, data_dir: str | None) -> Callable[[], None]:
    """A function that trains one more step of a run, compiled; its folder stays as it is."""
    from tfvma.data.draw import draw_episodes
    from tfvma.training.checkpoints import Checkpoints
    from tfvma.training.run import compiled_model, load_source
    from tfvma.training.run_folder import RunFolder

    model = compiled_model(run.config)
    done = Checkpoints(RunFolder(folder).checkpoints, model).restore()
    source = load_source(run.config, "train", data_dir)
    episodes = iter(draw_episodes(run.config.episodes, source, seed=run.seed, start=done))
    model.steps_per_execution = 1
    model.make_train_function()

    def step() -> None:
        float(model.train_function(episodes)["loss"])

    step()
    return step


if __name__ == "__main__":
    sys.exit(main())
