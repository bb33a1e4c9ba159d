"""Reads of mixtures of slots: what relaxed addresses learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

from tfvma.distributions import log_likelihood
from tfvma.estimators import Proposal, Relaxed
from tfvma.estimators.estimator import equal_shares
from tfvma.layers.soft_attention import mixture
from tfvma.models.inference import Inference, Read, evaluate_densities, latent_noise
from tfvma.models.latent_path import LatentPath
from tfvma.models.samples import merge_samples, split_samples

if TYPE_CHECKING:
    from tfvma.models.vma import VariationalMemoryAddressing


def infer_relaxed(
    model: VariationalMemoryAddressing,
    x: tf.Tensor,
    memory: tf.Tensor | None,
    num_samples: int,
    seeds,
    estimator: Relaxed,
    step: tf.Tensor | int,
    path: LatentPath,
) -> Inference:
    """Inference with the weights y_k of an estimator in the place of each address.

    Every slot is encoded. Mixed by y_k are the top of its pyramid, which p(z | m) reads,
    its part of q(z | m, x), and what the decoder reads of it at every scale; log p(a) and
    log q(a | x) become their means under y_k. Where y_k is one-hot this is the read of a
    slot; else nothing of it is a bound of the model.

    Args:
        model: whose layers are used.
        x: [B, H, W, C].
        memory: [M, H, W, C], or None where the memory is learned.
        num_samples: K.
        seeds: two int32 [2] seeds, of a and of z.
        estimator: gives the weights.
        step: of training, which sets their temperature.
        path: how gradients pass z.

    Returns:
        The proposal in it has the addresses of the largest weights.
    """
    entries = model.memory.entries(memory)
    _, x_projection, log_posterior, log_prior = model.ask(x, entries)
    weights = estimator.relax(log_posterior, num_samples, seeds[0], step)
    address = tf.argmax(weights, axis=-1, output_type=tf.int32)

    def mixed(of_slots: tf.Tensor) -> tf.Tensor:
        return mixture(merge_samples(weights), of_slots)

    features = model.entry_encoder(entries)
    prior = (split_samples(part, num_samples) for part in model.prior_head(mixed(features[-1])))
    x_projection = tf.repeat(x_projection[tf.newaxis], num_samples, axis=0)
    posterior = model.posterior.from_projection(
        merge_samples(x_projection) + mixed(model.posterior.project_entry(entries))
    )
    loc, scale = (split_samples(part, num_samples) for part in posterior)
    z = path.through(loc + scale * latent_noise(address, loc.shape[-1], seeds[1]))
    condition = [mixed(part) for part in model.decoder.condition(features)]
    logits = split_samples(model.decoder.from_condition(merge_samples(z), condition), num_samples)
    return evaluate_densities(
        Read(*prior, loc, scale, z, log_likelihood(logits, x)),
        path,
        Proposal(address, equal_shares(address, log_posterior.dtype)),
        log_pa=tf.reduce_sum(weights * log_prior, axis=-1),
        log_qa=tf.reduce_sum(weights * log_posterior, axis=-1),
        log_prior=log_prior,
        log_posterior=log_posterior,
    )
