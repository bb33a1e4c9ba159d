"""Code that is run where nothing but TensorFlow can be imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

WITHOUT_TFVMA = """
import json, re, sys
from pathlib import Path

ABSENT = ("keras", "tf_keras", "tensorflow_probability", "tfvma")

class Without:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        return None if name.split(".")[0] in ABSENT else self.finder.find_spec(name, path, target)

    def __getattr__(self, name):
        return getattr(self.finder, name)

sys.meta_path[:] = map(Without, sys.meta_path)
for name in ABSENT:
    try:
        __import__(name)
    except ModuleNotFoundError:
        continue
    sys.exit(f"{name} can be imported")

import numpy as np
import tensorflow as tf

def code_of_card(path):
    blocks = re.findall("```python\\n(.*?)```", path.read_text(), re.S)
    names = {}
    exec(next(code for code in blocks if "def " in code), names)
    return names

def check_absent():
    loaded = [name for name in ABSENT if name in sys.modules]
    assert not loaded, loaded
"""


def run_without_tfvma(code: str, *arguments: object, folder: Path) -> None:
    """Runs WITHOUT_TFVMA and what follows it, with these in sys.argv[1:], in `folder`."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
