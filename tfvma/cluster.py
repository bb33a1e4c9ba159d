"""What a run is spread over: names of strategies, and the machines that TF_CONFIG lists.

Without TensorFlow, so that mistakes are found at once.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

from tfvma.errors import InvalidArgumentError

STRATEGIES = ("none", "mirrored", "multiworker")

_EXAMPLE = (
    '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, "task": {"type": "worker", "index": 0}}'
)


@dataclass(frozen=True)
class Cluster:
    """workers: their addresses, host:port; index: which of them this process is."""

    workers: tuple[str, ...]
    index: int

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the run's files: the first worker does."""
        return self.index == 0


def read_cluster() -> Cluster:
    """The cluster of the environment variable TF_CONFIG.

    Raises InvalidArgumentError where it is unset or describes no cluster of workers.
    """
    text = os.environ.get("TF_CONFIG", "")
    try:
        values = json.loads(text)
        jobs, task = values["cluster"], values["task"]
        workers, index = jobs["worker"], task["index"]
        right = (
            set(jobs) == {"worker"}
            and task["type"] == "worker"
            and all(isinstance(address, str) and ":" in address for address in workers)
            and type(index) is int
            and 0 <= index < len(workers)
        )
    except (json.JSONDecodeError, KeyError, TypeError):
        right = False
    if not right:
        raise InvalidArgumentError(f"TF_CONFIG={text!r}: expected JSON such as {_EXAMPLE}.")
    return Cluster(tuple(workers), index)
