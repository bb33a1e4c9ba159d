"""Exports a run as a SavedModel: `python export.py --help`."""

import sys

from tfvma.command_line.export import main

if __name__ == "__main__":
    sys.exit(main())
