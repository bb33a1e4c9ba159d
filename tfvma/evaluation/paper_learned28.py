"""What Bornschein et al. (2017) print for learned memories on Omniglot 28x28, section 4.2; nats."""

from __future__ import annotations

import math

from tfvma.evaluation.protocols import AnyProtocol, Nll

LEARNED28_DATASETS = ("omniglot28", "omniglot28_static")
# M = 256, regularised.
_SIZE, _NLL, _NUM_SAMPLES = 256, 103.6, 5_000
# M = 2,048, not regularised.
_OVERFITTING_SIZE = 2_048
OVERFITTED_NLL = {"train": 80.0, "test": 150.0}
OVERFITTED_WORDS = {
    "train": f"below {OVERFITTED_NLL['train']:g}",
    "test": f"above {OVERFITTED_NLL['test']:g}",
}


def learned28_value(
    memory_size: int,
    protocol: AnyProtocol,
    dataset: str,
    split: str,
    metric: str,
    num_samples: int | None,
) -> float | None:
    """The figure printed for exactly this setting, or None.

    Args:
        memory_size: M; 0 where there is no learned memory.
        protocol, dataset, split, metric, num_samples: what was measured.
    """
    printed = (_SIZE, "omniglot28", "test", "nll", _NUM_SAMPLES)
    found = (memory_size, dataset, split, metric, num_samples)
    return _NLL if found == printed and isinstance(protocol, Nll) else None


def learned28_words(memory_size: int, split: str, metric: str) -> str:
    """What the paper says without a figure for a K; "" where it says nothing."""
    if memory_size and metric == "kl_a":
        return f"near log M = {math.log(memory_size):.2f}"
    overfits = memory_size == _OVERFITTING_SIZE and metric == "nll"
    return f"{OVERFITTED_WORDS[split]}, K not stated" if overfits else ""


def learned28_note(
    memory_size: int, protocol: AnyProtocol, dataset: str, split: str, metric: str
) -> str:
    """What the paper says of such a measurement, at any K; "" where it says nothing."""
    if dataset not in LEARNED28_DATASETS or memory_size == 0 or not isinstance(protocol, Nll):
        return ""
    if metric == "kl_a":
        return f"paper: typically approaches log M, which is {math.log(memory_size):.2f} here"
    if metric != "nll":
        return ""
    if memory_size == _OVERFITTING_SIZE:
        return f"paper: {OVERFITTED_WORDS[split]}, K not stated, since it overfits"
    if memory_size == _SIZE and split == "test":
        return f"paper: {_NLL} at K = {_NUM_SAMPLES:,}, on its own 28x28 version of the drawings"
    return ""
