"""What a benchmark ran on, and how fast it multiplies matrices."""

from __future__ import annotations

import os
import platform
import time
from importlib import metadata
from pathlib import Path

import tensorflow as tf

import tfvma

_PACKAGES = ("tensorflow", "keras", "tensorflow-probability", "numpy")
_CPU_INFO = Path("/proc/cpuinfo")


def describe_machine() -> dict:
    """Processor, cores that this process may use, and GPUs."""
    details = tf.config.experimental.get_device_details
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "gpus": [
            details(gpu).get("device_name", gpu.name)
            for gpu in tf.config.list_physical_devices("GPU")
        ],
        "system": f"{platform.system()} {platform.machine()}",
    }


def versions() -> dict[str, str]:
    """Of Python, this package and those that do its arithmetic."""
    return {
        "python": platform.python_version(),
        "tfvma": tfvma.__version__,
        **{name: metadata.version(name) for name in _PACKAGES},
    }


def matrix_rate(size: int = 2048, repeats: int = 5) -> float:
    """Floating-point operations per second of a float32 matrix product, the best of several."""
    a, b = (tf.random.stateless_normal([size, size], [0, seed]) for seed in (1, 2))
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        # Reading one number waits for the product, on a GPU too.
        tf.matmul(a, b)[0, 0].numpy()
        seconds.append(time.perf_counter() - start)
    return 2 * size**3 / min(seconds)


def _processor() -> str:
    if _CPU_INFO.exists():
        for line in _CPU_INFO.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
