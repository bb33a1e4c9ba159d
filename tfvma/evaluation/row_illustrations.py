"""Figures that are made from rows of metrics alone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from tfvma.evaluation.illustration import Illustration
from tfvma.evaluation.metrics_file import Row
from tfvma.evaluation.table import first_bounds
from tfvma.figures.confounders import confounders
from tfvma.figures.kl_split import kl_split
from tfvma.figures.style import png

_CONFOUNDERS = re.compile(r"confounders C=(\d+) S=(\d+) (.+)")


def illustrate_rows(rows: Sequence[Row]) -> list[Illustration]:
    """The KL split and the curve of confounders, where the rows for them are there."""
    found = (_kl_split_of(rows), _confounders_of(rows))
    return [illustration for illustration in found if illustration is not None]


def _show_kl_split(
    protocol: str, reconstruction: float, kl_z: float, kl_a: float | None, nll: Mapping[int, float]
) -> Illustration:
    """From means in nats that were measured on `protocol`; `nll` by K, `kl_a` if there is one."""
    known, carried = ("a and z are", "z and the address a carry")
    if kl_a is None:
        known, carried = ("z is", "z carries")
    return Illustration(
        "kl_split",
        "Where the nats go",
        f"Measured on {protocol}. The whole bar is the expected −L_1: what is left to say about "
        f"the pixels once {known} known, plus what {carried}. With more samples "
        "the bound is tighter: the marks show the NLL at each K.",
        png(kl_split(reconstruction, kl_z, kl_a, nll)),
    )


def _show_confounders(
    nll: Mapping[int, tuple[float, float]], num_samples: int, shots: int
) -> Illustration:
    """From the mean and standard error at each number of characters in memory, K = num_samples."""
    return Illustration(
        "confounders",
        "More and more characters in memory",
        f"The NLL of drawings whose character has {shots} examples in memory, among more and more "
        "others. Dashed: the NLL with one character plus log C, which is what is left when "
        "characters never look alike and each is found as surely as one in C can be. All points "
        "are of the same targets; the band is one standard error over characters.",
        png(confounders({"this model": nll}, num_samples)),
    )


def _kl_split_of(rows: Sequence[Row]) -> Illustration | None:
    """Of the first of the bounds; averages over samples are those at its largest K."""
    bounds = first_bounds(rows)
    if not bounds:
        return None
    protocol = bounds[0].protocol
    nll = {row.num_samples: row.value for row in bounds}
    values = {(row.metric, row.num_samples): row.value for row in rows if row.protocol == protocol}
    largest = max(nll)
    return _show_kl_split(
        protocol,
        values["reconstruction", largest],
        values["kl_z", largest],
        values.get(("kl_a", None)),
        nll,
    )


def confounder_curves(
    rows: Sequence[Row],
) -> dict[tuple[int, str, int], dict[int, tuple[float, float]]]:
    """NLL and standard error by C, for each S, data set and K with one character and more."""
    found: dict[tuple[int, str, int], dict[int, tuple[float, float]]] = defaultdict(dict)
    for row in rows:
        setting = _CONFOUNDERS.fullmatch(row.protocol)
        if setting and row.metric == "nll":
            count, shots, data = setting.groups()
            found[int(shots), data, row.num_samples][int(count)] = (row.value, row.stderr)
    return {key: nll for key, nll in found.items() if 1 in nll and len(nll) > 1}


def _confounders_of(rows: Sequence[Row]) -> Illustration | None:
    """Of the first setting at its largest K."""
    curves = confounder_curves(rows)
    if not curves:
        return None
    shots, data, num_samples = max(curves, key=lambda key: key[2])
    return _show_confounders(curves[shots, data, num_samples], num_samples, shots)
