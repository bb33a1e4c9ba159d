"""What evaluation asks of a model: the functions that a SavedModel has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import tensorflow as tf


class Scorer(Protocol):
    """A trained model in memory or a SavedModel; a memory is None where it takes none."""

    has_address: bool
    takes_memory: bool

    def score(self, x, memory, num_samples, seed) -> dict[str, tf.Tensor]: ...

    def generate(self, memory, num_samples, seed) -> dict[str, tf.Tensor]: ...

    def reconstruct(self, x, memory, num_samples, seed) -> dict[str, tf.Tensor]: ...


class AddressScorer(Scorer, Protocol):
    """One with an address; shapes as in `VariationalMemoryAddressing`."""

    def address(self, x, memory) -> dict[str, tf.Tensor]: ...

    def latent_prior(self, entry) -> dict[str, tf.Tensor]: ...

    def latent_posterior(self, x, entry) -> dict[str, tf.Tensor]: ...

    def decode(self, z, entry) -> dict[str, tf.Tensor]: ...

    def entry_at(self, index) -> dict[str, tf.Tensor]: ...

    def classify(self, x, memory, memory_label, ways) -> dict[str, tf.Tensor]: ...
