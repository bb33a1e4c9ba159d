"""Generative models that read an external memory by sampling an address.

A read draws the address of one memory slot from a categorical distribution, and
the entry found there conditions a variational autoencoder (Bornschein, Mnih,
Zoran, Rezende, "Variational Memory Addressing in Generative Models", NeurIPS
2017). Change the memory and the same trained model generates, scores and
classifies new characters.

Importing the package loads neither TensorFlow nor Keras: its parts, such as
`tfvma.data`, `tfvma.layers` and `tfvma.models`, are imported when first used.

Raises InvalidArgumentError if Keras runs, or is set to run, on another backend
than TensorFlow.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from types import ModuleType

from tfvma.errors import InvalidArgumentError

__version__ = "0.1.0"


def _require_tensorflow_backend() -> None:
    keras = sys.modules.get("keras")
    if keras is not None:
        backend = keras.config.backend()
        remedy = "import tfvma before keras, or set KERAS_BACKEND=tensorflow before both"
    else:
        backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
        remedy = "unset it or set it to 'tensorflow'"
    if backend != "tensorflow":
        raise InvalidArgumentError(
            f"KERAS_BACKEND={backend!r}: expected 'tensorflow', the only Keras backend that tfvma "
            f"runs on; {remedy}."
        )


def _submodules() -> set[str]:
    return {module.name for module in pkgutil.iter_modules(__path__)}


def __getattr__(name: str) -> ModuleType:
    if name in _submodules():
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_submodules()})


_require_tensorflow_backend()
# Hides TensorFlow's C++ warnings and information, except the few lines printed while it loads.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
