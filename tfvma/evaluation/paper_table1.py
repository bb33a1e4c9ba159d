"""Table 1 of Bornschein et al. (2017): NLL on the split of Generative Matching Networks; nats.

Rows are numbers of characters in memory, columns numbers of examples. The paper does not say what
a target is. Its model's figures rise with the number of characters by about its logarithm: for 16
by 1.9 to 4.8 nats, where log 16 is 2.8. That fits S examples of each character, and targets that
are other drawings of one of them; examples of all characters counted together would leave most
targets without any. The figures of Generative Matching Networks may mean something else: the code
that Bartunov and Vetrov released scores the next image given those before it, counts these over all
characters, and draws all with replacement, so that a target can be among its own examples.
"""

from __future__ import annotations

from tfvma.evaluation.protocols import TABLE1_SHOTS, AnyProtocol, Table1

NUM_SAMPLES = 1_000
VMA = {
    1: (86.5, 83.0, 79.6, 79.0, 76.5, 76.2, 73.9),
    2: (87.2, 83.3, 80.9, 79.3, 79.1, 77.0, 75.0),
    4: (87.5, 83.3, 81.2, 80.7, 79.5, 78.6, 76.7),
    16: (89.6, 85.1, 81.5, 81.9, 81.3, 79.8, 77.0),
}
GMN = {
    1: (83.3, 78.9, 75.7, 72.9, 70.1, 59.9, 45.8),
    2: (86.4, 84.9, 82.4, 81.0, 78.8, 71.4, 61.2),
    4: (88.3, 87.3, 86.7, 85.4, 84.0, 80.2, 73.7),
}


def table1_value(
    protocol: AnyProtocol, dataset: str, split: str, metric: str, num_samples: int | None
) -> float | None:
    """The figure of the paper's model printed for exactly this setting, or None."""
    if (dataset, split, metric, num_samples) != ("gmn", "test", "nll", NUM_SAMPLES):
        return None
    if not isinstance(protocol, Table1) or protocol.shots not in TABLE1_SHOTS:
        return None
    figures = VMA.get(protocol.num_classes)
    return None if figures is None else figures[TABLE1_SHOTS.index(protocol.shots)]


def table1_note(value: float | None) -> str:
    """What has to be known to read `value`, the paper's figure."""
    if value is None:
        return ""
    return (
        "the paper states neither how many targets it scored nor how they were drawn; here it is "
        "one drawing of each character, S others of which are in memory. The code released with "
        "GMN counts the examples of all characters together"
    )
