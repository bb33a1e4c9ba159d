"""What Bornschein et al. (2017) print for their baselines, in section 4.2; nats."""

from __future__ import annotations

from tfvma.evaluation.protocols import AnyProtocol, FewShot
from tfvma.kinds import Kind

# The K of all their bounds, unless they say otherwise.
_NUM_SAMPLES = 4
_VAE = 90.8
# With 16 examples of 1 or 2 characters in memory.
_SOFT_ATTENTION = 73.4
_SOFT_SHOTS, _SOFT_CLASSES = 16, (1, 2)
# By the characters in memory (figure 5A).
SOFT_ATTENTION_NLL = dict.fromkeys(_SOFT_CLASSES, _SOFT_ATTENTION)


def baseline_value(
    kind: Kind,
    protocol: AnyProtocol,
    dataset: str,
    split: str,
    metric: str,
    num_samples: int | None,
) -> float | None:
    """The figure printed for exactly this setting, or None."""
    if (dataset, split, metric, num_samples) != ("omniglot26", "test", "nll", _NUM_SAMPLES):
        return None
    if kind.has_address or not isinstance(protocol, FewShot):
        return None
    if not kind.takes_memory:
        return _VAE
    if protocol.shots == _SOFT_SHOTS and protocol.num_classes in _SOFT_CLASSES:
        return _SOFT_ATTENTION
    return None


def baseline_note(kind: Kind, value: float | None) -> str:
    """What has to be known to read `value`, the paper's figure."""
    if value is None:
        return ""
    if kind.takes_memory:
        return "the paper's baseline reaches up to this; K is not stated for it, and is 4 elsewhere"
    return "K is not stated for the paper's baseline, and is 4 elsewhere"
