"""One measured number."""

from __future__ import annotations

from dataclasses import dataclass

from tfvma.evaluation.standard_error import Estimate


@dataclass(frozen=True)
class Measurement:
    """A mean over targets, with its standard error, over episodes, characters or images.

    Attributes:
      metric: "nll", "kl_a", "kl_z" or "reconstruction" in nats per image, "entropy_pa" in nats,
        "accuracy", "accuracy_iw" or "address_accuracy" as a fraction; of "unknown_class" some of
        these and "entropy_qa", in nats, with "_known" and "_unknown", and the ROC areas "auc" and
        "auc_entropy", 0 to 1.
      estimate: mean and standard error.
      num_samples: K, or None for what does not depend on it.
      targets: drawings averaged over.
    """

    metric: str
    estimate: Estimate
    num_samples: int | None
    targets: int
