"""A pass of inference that is learned from through one sample of each target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

from tfvma.estimators.drawn_sample import (
    draw_sample,
    surrogate_and_slopes,
    surrogate_of_drawn,
    take,
)
from tfvma.models.inference import Inference, latent_densities
from tfvma.models.latent_path import LatentPath
from tfvma.sampling import fold_in

if TYPE_CHECKING:
    from tfvma.models.vma import VariationalMemoryAddressing

# The draw's part of the seed of z.
_DRAW = 2


def learn_from_drawn(
    model: VariationalMemoryAddressing,
    x: tf.Tensor,
    memory: tf.Tensor | None,
    seeds,
    path: LatentPath,
) -> tuple[Inference, tf.Tensor]:
    """Evaluates K samples, and one of them again with gradients.

    Args:
        model: compiled, with its estimator.
        x: [B, H, W, C].
        memory: [M, H, W, C], or None where the memory is learned.
        seeds: two int32 [2] seeds, of a and of z.
        path: how gradients pass the z that are drawn.

    Returns:
        The inference from all samples, and a surrogate, [B], whose gradient is on average over
        the draw that of the estimator's.
    """
    entries = model.memory.entries(memory)
    asked = model.ask(x, entries)
    samples = model.sample(asked, model.num_samples, seeds, model.estimator)
    encoded = model.encode(entries, samples.proposal.address)
    inferred = model.infer_at(asked, samples, encoded, LatentPath())
    densities = model.warm(inferred.densities)
    surrogate, slopes = surrogate_and_slopes(model.estimator, densities, samples.proposal, x)

    drawn, slopes = draw_sample(slopes, fold_in(seeds[1], _DRAW))
    path.scale_by(take(model.latent_factor(densities, samples.proposal), drawn))
    if not model.jit_compile and _cheaper_again(entries, samples.proposal.address):
        encoded = model.encode(entries, take(samples.proposal.address, drawn))
    else:
        encoded = encoded._replace(slot=take(encoded.slot, drawn))
    again = latent_densities(model.read(asked, take(samples.noise, drawn), encoded, path), path)
    return inferred, surrogate + surrogate_of_drawn(model.warm(again), slopes)


def _cheaper_again(entries: tf.Tensor, address: tf.Tensor) -> bool:
    """Whether to encode the drawn entries again, and pass back through these alone, takes less
    than to pass back through all that addresses [S, B] need; no where sizes are not known.

    Counts as if all addresses were different, and back as twice forward.
    """
    num_samples, batch = address.shape
    if None in (entries.shape[0], num_samples, batch):
        return False
    return 3 * batch < 2 * min(entries.shape[0], num_samples * batch)
