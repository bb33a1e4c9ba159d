"""Trains a preset: `python train.py --help`."""

import sys

from tfvma.command_line.train import main

if __name__ == "__main__":
    sys.exit(main())
