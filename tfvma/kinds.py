"""The kinds of model, and which signatures the SavedModel of each has."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

# Scoring is what a server is asked for by default.
DEFAULT_SIGNATURE = "score"


@dataclass(frozen=True)
class Kind:
    """What a model takes and gives, whatever its networks.

    Attributes:
        name: for messages.
        has_address: whether it samples an address, with q(a | x) and p(a).
        takes_memory: whether a memory comes with every call.
        signatures: of its SavedModel, with the names of their inputs.
    """

    name: str
    has_address: bool
    takes_memory: bool
    signatures: Mapping[str, tuple[str, ...]]


KINDS = (
    Kind(
        "variational memory addressing",
        has_address=True,
        takes_memory=True,
        signatures={
            "address": ("x", "memory"),
            "latent_prior": ("entry",),
            "latent_posterior": ("x", "entry"),
            "decode": ("z", "entry"),
            "score": ("x", "memory", "num_samples", "seed"),
            "generate": ("memory", "num_samples", "seed"),
            "reconstruct": ("x", "memory", "num_samples", "seed"),
            "classify": ("x", "memory", "memory_label", "ways"),
        },
    ),
    Kind(
        "variational memory addressing with a learned memory",
        has_address=True,
        takes_memory=False,
        signatures={
            "memory": ("index",),
            "address": ("x",),
            "latent_prior": ("entry",),
            "latent_posterior": ("x", "entry"),
            "decode": ("z", "entry"),
            "score": ("x", "num_samples", "seed"),
            "generate": ("num_samples", "seed"),
            "reconstruct": ("x", "num_samples", "seed"),
            "classify": ("x", "memory_label", "ways"),
        },
    ),
    Kind(
        "soft-attention memory VAE",
        has_address=False,
        takes_memory=True,
        signatures={
            "latent_prior": ("count",),
            "latent_posterior": ("x",),
            "decode": ("z", "memory"),
            "score": ("x", "memory", "num_samples", "seed"),
            "generate": ("memory", "num_samples", "seed"),
            "reconstruct": ("x", "memory", "num_samples", "seed"),
        },
    ),
    Kind(
        "VAE without a memory",
        has_address=False,
        takes_memory=False,
        signatures={
            "latent_prior": ("count",),
            "latent_posterior": ("x",),
            "decode": ("z",),
            "score": ("x", "num_samples", "seed"),
            "generate": ("num_samples", "seed"),
            "reconstruct": ("x", "num_samples", "seed"),
        },
    ),
)


def kind_of(model) -> Kind:
    """The kind of a model, or of what has its functions, from what it has and takes."""
    return next(
        kind
        for kind in KINDS
        if (kind.has_address, kind.takes_memory) == (model.has_address, model.takes_memory)
    )


def kind_with(signatures: Mapping[str, Collection[str]]) -> Kind | None:
    """The kind whose signatures are all among these, with these inputs; None where none is."""
    for kind in KINDS:
        if all(
            name in signatures and set(inputs) == set(signatures[name])
            for name, inputs in kind.signatures.items()
        ):
            return kind
    return None
