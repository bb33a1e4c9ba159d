"""What a benchmark prints and writes: the machine, versions, and a row for each setting."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path


def report(table: str, rows: Sequence[dict], rate: float | None, output: Path | None) -> None:
    """Prints the table, and writes the rows as JSON to `output` unless that is None.

    Args:
        table: the rows as a person reads them.
        rows: one for each setting.
        rate: floating-point operations per second of a float32 matrix product, where it
            is the measure of the floor.
        output: a file; it appears all at once.
    """
    # Imports TensorFlow, which takes seconds: after the arguments are known to be right.
    from benchmarks.machine import describe_machine, versions
    from tfvma.training.atomic import replacing

    machine = describe_machine()
    if rate is not None:
        machine["matrix_gigaflops_per_second"] = round(rate / 1e9, 1)
    print(f"{machine_line(machine)}\n")
    print(table)
    if output is not None:
        result = {"machine": machine, "versions": versions(), "rows": list(rows)}
        with replacing(output) as path:
            path.write_text(json.dumps(result, indent=1) + "\n")


def machine_line(machine: dict) -> str:
    """What `machine` of a results file says, for a person."""
    line = f"{machine['processor']}, {machine['cores']} cores, "
    line += f"GPUs: {', '.join(machine['gpus']) or 'none'}"
    if "matrix_gigaflops_per_second" in machine:
        rate = machine["matrix_gigaflops_per_second"]
        line += f"; float32 matrix product {rate:.0f} GFLOP/s"
    return line


def markdown_table(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Lines of cells under their headings."""
    return "\n".join(
        f"| {' | '.join(line)} |" for line in (columns, ["---"] * len(columns), *lines)
    )
