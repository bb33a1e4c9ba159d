"""Scores a trained model or a SavedModel; see `python evaluate.py --help`."""

import sys

from tfvma.command_line.evaluate import main

if __name__ == "__main__":
    sys.exit(main())
