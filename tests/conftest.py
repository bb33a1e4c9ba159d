"""What every test shares: where data lies, a cache of its own, fixed seeds."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tfvma  # noqa: F401  (chooses the Keras backend before any test imports Keras)


def _data_dir(dataset: str) -> str:
    folder = os.environ.get("TFVMA_DATA_DIR")
    if not folder:
        pytest.skip("TFVMA_DATA_DIR is unset: it names the tensorflow-datasets folder")
    if not (Path(folder) / dataset).is_dir():
        pytest.fail(f"TFVMA_DATA_DIR={folder!r}: expected a folder that holds {dataset}/")
    return folder


@pytest.fixture(scope="session")
def omniglot_dir() -> str:
    """The tensorflow-datasets folder that holds Omniglot."""
    return _data_dir("omniglot")


@pytest.fixture(scope="session")
def binarized_mnist_dir() -> str:
    """The tensorflow-datasets folder that holds binarized MNIST."""
    return _data_dir("binarized_mnist")


@pytest.fixture(scope="session", autouse=True)
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache that all tests of a run share, so that the user's stays untouched."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TFVMA_CACHE_DIR", str(folder))
        yield folder


@pytest.fixture(autouse=True)
def fixed_seeds() -> None:
    """Seeds Python, NumPy and TensorFlow, so that no test depends on those before it.

    Tests that never load Keras are spared its import.
    """
    keras = sys.modules.get("keras")
    if keras is not None:
        keras.utils.set_random_seed(0)
