"""Writes the page of the study, its figures and the record that both are made from.

    python -m tfvma.study.report

From the runs in runs/estimators: docs/estimators.json, docs/estimators_*.png, and the part of
docs/estimators.md between its marks. What people wrote around it stays.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tfvma.errors import DataError, TfvmaError
from tfvma.study.estimators import RUNS_DIR


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns 0, or 2 for an error."""
    summary, _, epilog = __doc__.partition("\n\n")
    options = argparse.ArgumentParser(
        prog="python -m tfvma.study.report",
        description=summary,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("--runs-dir", type=Path, default=RUNS_DIR, help="(%(default)s)")
    options.add_argument("--docs-dir", type=Path, default=Path("docs"), help="(%(default)s)")
    parsed = options.parse_args(arguments)
    try:
        write_report(parsed.runs_dir, parsed.docs_dir)
    except TfvmaError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def write_report(runs_dir: Path, docs_dir: Path) -> None:
    """Writes all of it; raises DataError where no run is done."""
    from tfvma.figures.style import png
    from tfvma.study.figures import figures_of
    from tfvma.study.page import BEGIN, END, HEAD, measured_part, with_measured
    from tfvma.study.record import make_record, write_record
    from tfvma.training.atomic import replacing

    record = make_record(runs_dir)
    if not record["tasks"]:
        raise DataError(f"--runs-dir={str(runs_dir)!r}: expected runs that are done, found none.")
    docs_dir.mkdir(parents=True, exist_ok=True)
    write_record(docs_dir / "estimators.json", record)
    for task in record["tasks"].values():
        for file, figure in figures_of(task):
            with replacing(docs_dir / file) as beside:
                beside.write_bytes(png(figure))
    page = docs_dir / "estimators.md"
    text = page.read_text(encoding="utf-8") if page.exists() else f"{HEAD}{BEGIN}\n{END}\n"
    with replacing(page) as beside:
        beside.write_text(with_measured(text, measured_part(record)), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
