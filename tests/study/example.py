"""A record of the study as `make_record` makes it, with made-up figures."""

from __future__ import annotations

import copy
import math

from tfvma.study.variants import VARIANTS

GROUPS = ("addressing", "entry_encoder", "prior_head", "posterior", "decoder")


def run(estimator: str, seed: int, nll: list[float], accuracy: list[float], **changes) -> dict:
    """A run that was validated every 100 steps of 10 ms, and once more 50 steps after the last."""
    steps = [100 * (place + 1) for place in range(len(nll) - 1)]
    end = steps[-1] + 50
    return {
        "estimator": estimator,
        "seed": seed,
        "num_samples": 4,
        "learning_rate": 1e-3,
        "step": end,
        "cpu_seconds": end / 100,
        "ended_by": "cpu_seconds",
        "end": {
            "nll": nll[-1],
            "kl_a": 5.0,
            "kl_z": 1.0,
            "address_accuracy": accuracy[-1],
            "posterior_error": 0.5,
            "entropy_posterior": 0.1,
            "entropy_prior": 5.5,
        },
        "curve": {
            "step": steps,
            "cpu_seconds": [step / 100 for step in steps],
            "nll": nll[:-1],
            "kl_a": [4.0] * len(steps),
            "address_accuracy": accuracy[:-1],
        },
        **changes,
    }


def diverged(estimator: str, seed: int) -> dict:
    return run(estimator, seed, [300.0, 200.0], [0.0, 0.0], ended_by="diverged", end=None)


RECALL = {
    "name": "recall256",
    "goal": math.log(256),
    "steps": 1_000,
    "cpu_seconds": 4.5,
    "validation": 100,
    "memory_size": 256,
    "num_samples": 4,
    "optimizer": "adam",
    "runs": [
        run("vimco", 0, [100.0, 50.0, 20.0], [0.1, 0.96, 0.99]),
        run("vimco", 1, [120.0, 70.0, 30.0], [0.1, 0.5, 0.97]),
        run("ovis", 0, [80.0, 6.5, 6.0], [0.95, 1.0, 1.0]),
        run("ovis", 1, [90.0, 10.0, 6.0], [0.9, 1.0, 1.0]),
        run("exact", 0, [70.0, 60.0, 50.0], [0.1, 0.2, 0.3]),
        diverged("nvil", 0),
        run("wake_wake", 0, [95.0, 40.0, 25.0], [0.5, 0.9, 0.96]),
    ],
    "gradients": [
        {
            "step": step,
            "estimator": estimator,
            **{f"snr_{group}": 0.1 * place + step / 1000 for group in GROUPS},
            **{f"variance_{group}": 10.0 ** (place - 3) for group in GROUPS},
            "ess": 1.25,
            "posterior_error": 2.5,
            "entropy_posterior": 3.5,
            "entropy_prior": 5.5,
        }
        for step in (100, 400)
        for place, estimator in enumerate(("vimco", "ovis", "exact"))
    ],
    "costs": {},
}


def small_record() -> dict:
    """A recall of four estimators, and the other kinds of task."""
    few_shot = {
        **copy.deepcopy(RECALL),
        "name": "few_shot",
        "goal": None,
        "memory_size": 32,
        "gradients": [],
    }
    samples = {
        **copy.deepcopy(RECALL),
        "name": "samples",
        "gradients": [],
        "runs": [
            run("vimco", 0, [90.0, 30.0, 6.0], [0.1, 0.9, 1.0], num_samples=2),
            run("vimco", 0, [90.0, 6.0, 6.0], [0.1, 0.9, 1.0], num_samples=8),
            run("ovis", 0, [90.0, 30.0, 20.0], [0.1, 0.9, 1.0], num_samples=2),
        ],
    }
    rates = {
        **copy.deepcopy(RECALL),
        "name": "rates",
        "gradients": [],
        "runs": [
            run("vimco", 100, [100.0, 90.0], [0.1, 0.2], learning_rate=1e-3),
            run("vimco", 100, [100.0, 60.0], [0.1, 0.3], learning_rate=2e-3),
            run("ovis", 100, [6.0, 6.0], [0.97, 1.0], learning_rate=1e-3),
            run("ovis", 100, [90.0, 80.0], [0.1, 0.2], learning_rate=2e-3),
        ],
    }
    tasks = {task["name"]: task for task in (rates, copy.deepcopy(RECALL), few_shot, samples)}
    return {"versions": {"tfvma": "0", "tensorflow": "0"}, "tasks": tasks}


def full_task() -> dict:
    """A recall of every estimator with three seeds, as the real one is."""
    runs = []
    for place, estimator in enumerate(VARIANTS):
        for seed in range(3):
            rate = 0.2 + 0.05 * place + 0.03 * seed
            nll = [5.5 + 200.0 * math.exp(-rate * point) for point in range(12)]
            runs.append(run(estimator, seed, nll, [min(rate, 1.0)] * 12))
    gradients = [
        {**RECALL["gradients"][0], "estimator": estimator, "step": step}
        | {"snr_addressing": 0.1 + 0.02 * place + step / 1e4}
        | {"variance_addressing": 10.0 ** (place % 5 - 4) * step}
        for step in (100, 400, 900)
        for place, estimator in enumerate(VARIANTS)
    ]
    return {**RECALL, "runs": runs, "gradients": gradients}
