"""What a benchmark prints and writes: the machine, versions, and a row for each setting."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path


def report(table: str, rows: Sequence[dict], rate: float, output: Path | None) -> None:
    """Prints the table, and writes the rows as JSON to `output` unless that is None.

    Args:
        table: the rows as a person reads them.
        rows: one for each setting.
        rate: floating-point operations per second of a float32 matrix product.
        output: a file; it appears all at once.
    """
    # Imports TensorFlow, which takes seconds: after the arguments are known to be right.
    from benchmarks.machine import describe_machine, versions
    from tfvma.training.atomic import replacing

    machine = {**describe_machine(), "matrix_gigaflops_per_second": round(rate / 1e9, 1)}
    print(
        f"{machine['processor']}, {machine['cores']} cores, GPUs: {machine['gpus'] or 'none'}; "
        f"float32 matrix product {rate / 1e9:.0f} GFLOP/s\n"
    )
    print(table)
    if output is not None:
        result = {"machine": machine, "versions": versions(), "rows": list(rows)}
        with replacing(output) as path:
            path.write_text(json.dumps(result, indent=1) + "\n")


def markdown_table(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Lines of cells under their headings."""
    return "\n".join(
        f"| {' | '.join(line)} |" for line in (columns, ["---"] * len(columns), *lines)
    )
