"""train.py on the data of these tests, for those that need a process of their own."""

import importlib.util
import sys
from pathlib import Path

import tfvma.training.run
from tfvma.command_line.train import main

spec = importlib.util.spec_from_file_location("tiny", Path(__file__).with_name("conftest.py"))
tiny = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tiny)
tfvma.training.run.load_characters = tiny.random_characters

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
