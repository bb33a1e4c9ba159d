"""A folder of models that were never trained, with metrics whose numbers tell where they go."""

from __future__ import annotations

import json
from pathlib import Path

from tfvma.config import Config, EpisodeConfig, ModelConfig, to_dict
from tfvma.evaluation.metrics_file import Row, write_rows

TERMS = {"nll": 80.0, "reconstruction": -60.0, "kl_z": 20.0}


def row(protocol: str, metric: str, value: float, num_samples: int | None, **changes) -> Row:
    """A row with what the zoo does not read filled in."""
    values = {
        "protocol": f"{protocol} omniglot26/test",
        "metric": metric,
        "value": value,
        "stderr": 0.5,
        "num_samples": num_samples,
        "targets": 2_880,
        "steps": 6_000,
        "minutes": 12.5,
        "version": "0.1.0",
        "seed": 0,
        "paper": None,
        "command": f"evaluate.py --protocol {protocol.partition(' ')[0]}",
        "note": "",
    }
    return Row(**{**values, **changes})


def few_shot_rows(shots: int) -> list[Row]:
    """Of S = shots at K = 4: values grow by `shots`."""
    protocol = f"few_shot C=8 S={shots}"
    rows = [row(protocol, metric, value + shots, 4) for metric, value in TERMS.items()]
    return [*rows, row(protocol, "kl_a", 2.0 + shots, None)]


def all_classes_rows(examples: dict[int, float]) -> list[Row]:
    """The NLL by the examples in memory."""
    return [row(f"all_classes_shots S={count}", "nll", nll, 4) for count, nll in examples.items()]


def confounder_rows(nll: dict[int, float]) -> list[Row]:
    """The NLL by the characters in memory, with one example of each."""
    return [row(f"confounders C={count} S=1", "nll", value, 4) for count, value in nll.items()]


def add_model(savedmodels: Path, name: str, rows: list[Row], **model) -> Path:
    """Writes savedmodels/NAME without a SavedModel; `model` are options of ModelConfig."""
    home = savedmodels / name
    home.mkdir(parents=True)
    config = Config(name, episodes=EpisodeConfig(shots=1), model=ModelConfig(**model))
    (home / "config.json").write_text(json.dumps(to_dict(config)))
    if rows:
        write_rows(home / "metrics.json", rows)
    return home
