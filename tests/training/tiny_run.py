"""train.py on the data of these tests, for those that need a process of their own."""

import sys

import tfvma.training.run
from tests.training.conftest import random_characters
from tfvma.command_line.train import main

if __name__ == "__main__":
    tfvma.training.run.load_characters = random_characters
    sys.exit(main())
