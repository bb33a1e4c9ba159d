"""What is compared: every estimator, and VIMCO with doubly reparameterised z."""

from __future__ import annotations

from typing import NamedTuple


class Variant(NamedTuple):
    """An estimator of `tfvma.estimators`, and how gradients pass z."""

    estimator: str
    latent_gradient: str = "reparameterized"


# Written out, so that names are known without TensorFlow; those of tfvma.estimators.NAMES.
_ESTIMATORS = (
    "vimco",
    "vimco_geometric",
    "ovis",
    "wake_wake",
    "wake_wake_joint",
    "wake_wake_stratified",
    "reinforce",
    "nvil",
    "nvil_stratified",
    "concrete",
    "straight_through",
    "exact",
    "exact_top_k",
    "marginal",
    "marginal_top_k",
)
VARIANTS = {
    **{name: Variant(name) for name in _ESTIMATORS},
    "vimco_dreg": Variant("vimco", "doubly_reparameterized"),
}
