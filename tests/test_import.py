"""`import tfvma` is light and quiet, and refuses another Keras backend."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tfvma

HEAVY = ("tensorflow", "keras", "tf_keras", "tensorflow_probability", "matplotlib", "numpy")


def run_python(
    code: str, *, unset: tuple[str, ...] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in unset}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_import_is_light_and_quiet():
    code = f"import sys, tfvma; assert not set({HEAVY!r}) & set(sys.modules), sorted(sys.modules)"
    done = run_python(code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_version_is_that_of_the_installed_package():
    assert tfvma.__version__ == importlib.metadata.version("tfvma")


def test_submodules_are_imported_when_first_used():
    code = (
        "import sys, tfvma; assert 'tfvma.validation' not in sys.modules;"
        "print(tfvma.validation.check_at_least.__module__)"
    )
    assert run_python(code).stdout == "tfvma.validation\n"
    assert {"errors", "validation", "__version__"} <= set(dir(tfvma))


def test_unknown_attribute_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'tfvma' has no attribute 'nonsense'"):
        _ = tfvma.nonsense


def test_keras_backend_becomes_tensorflow_when_none_is_named():
    code = "import os, tfvma; print(os.environ['KERAS_BACKEND'])"
    assert run_python(code, unset=("KERAS_BACKEND",)).stdout == "tensorflow\n"


def test_another_keras_backend_in_the_environment_is_refused():
    done = run_python("import tfvma", KERAS_BACKEND="jax")
    assert done.returncode != 0
    assert "KERAS_BACKEND='jax': expected 'tensorflow'" in done.stderr.splitlines()[-1]


def test_keras_loaded_with_another_backend_is_refused():
    code = (
        "import sys; from types import SimpleNamespace as Keras;"
        "sys.modules['keras'] = Keras(config=Keras(backend=lambda: 'jax'));"
        "import tfvma"
    )
    done = run_python(code, KERAS_BACKEND="tensorflow")
    assert done.returncode != 0
    assert "KERAS_BACKEND='jax': expected 'tensorflow'" in done.stderr.splitlines()[-1]


def test_every_folder_with_modules_is_a_package():
    root = Path(tfvma.__file__).parent
    folders = {module.parent for module in root.rglob("*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []
