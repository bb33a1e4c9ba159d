"""What the commands about all models are told."""

from __future__ import annotations

import argparse

# The K of the paper's figures.
PAPER_NUM_SAMPLES = 4


def parser(program: str, document: str) -> argparse.ArgumentParser:
    """The options of `python -m program`, whose docstring is `document`."""
    options = argparse.ArgumentParser(
        prog=f"python -m {program}", description=document.partition("\n")[0]
    )
    options.add_argument("out", metavar="OUT", help="the folder that takes what is made")
    options.add_argument(
        "--savedmodels", default="savedmodels", metavar="DIR", help="the models (%(default)s)"
    )
    options.add_argument(
        "--num-samples",
        type=int,
        default=PAPER_NUM_SAMPLES,
        metavar="K",
        help="of the rows that figures over several models are made from (%(default)s)",
    )
    return options
