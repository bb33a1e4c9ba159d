"""What a pass of inference gives."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf
import tensorflow_probability as tfp

from tfvma.distributions import address_distribution, latent_distribution
from tfvma.estimators import LatentDensities, LogDensities, Proposal
from tfvma.models.latent_path import LatentPath
from tfvma.sampling import standard_normal

tfd = tfp.distributions


class Inference(NamedTuple):
    """One pass of inference over B targets with S samples each; nats.

    S is K, but where an estimator proposes addresses of its own.

    densities: log p and log q at the samples, each [S, B].
    kl_a: KL(q(a|x) || p(a)), summed exactly over the slots, [B].
    kl_z: KL(q(z|x, m_a) || p(z|m_a)), analytic, averaged over q(a|x) by the samples, [B].
    proposal: the addresses of the samples, and what share of q(a|x) each stands for.
    log_posterior: log q(a|x), [B, M].
    """

    densities: LogDensities
    kl_a: tf.Tensor
    kl_z: tf.Tensor
    proposal: Proposal
    log_posterior: tf.Tensor


class Asked(NamedTuple):
    """What is known of targets before an entry is read.

    x: [B, H, W, C].
    x_projection: the part of q(z | m, x) that depends on x alone, [B, ...].
    log_posterior: log q(a | x), [B, M].
    log_prior: log p(a), [M].
    """

    x: tf.Tensor
    x_projection: tf.Tensor
    log_posterior: tf.Tensor
    log_prior: tf.Tensor


class Samples(NamedTuple):
    """S samples (a_s, z_s) of each target, z_s as the noise that it is made of.

    proposal: their addresses.
    noise: of z, standard normal [S, B, D].
    """

    proposal: Proposal
    noise: tf.Tensor


class Encoded(NamedTuple):
    """What samples read of the entries at their addresses, each encoded once.

    slot: int32 [S, B], which of the U encoded entries a sample reads.
    projection: the part of q(z | m, x) that depends on m alone, [U, ...].
    prior_loc, prior_scale: of p(z | m), [U, D].
    condition: what the decoder reads of m, [U, ...] each.
    """

    slot: tf.Tensor
    projection: tf.Tensor
    prior_loc: tf.Tensor
    prior_scale: tf.Tensor
    condition: list[tf.Tensor]


class Read(NamedTuple):
    """S samples of z for every target, and what they decode to.

    prior_loc, prior_scale: of p(z | m_a), [S, B, D].
    loc, scale: of q(z | m_a, x), [S, B, D].
    z: [S, B, D].
    log_px: log p(x | z, m_a), [S, B], in nats.
    """

    prior_loc: tf.Tensor
    prior_scale: tf.Tensor
    loc: tf.Tensor
    scale: tf.Tensor
    z: tf.Tensor
    log_px: tf.Tensor


def latent_noise(address: tf.Tensor, latent_dim: int, seed) -> tf.Tensor:
    """Standard normal noise of z at addresses [S, B], float32 [S, B, D]."""
    noise = standard_normal(tf.concat([tf.shape(address), [latent_dim]], axis=0), seed)
    return tf.ensure_shape(noise, [*address.shape, latent_dim])


def latent_densities(read: Read, path: LatentPath) -> LatentDensities:
    """Log densities at z, whose gradients pass it as `path` says."""
    evaluated = latent_distribution(*path.density_parameters(read.loc, read.scale))
    return LatentDensities(
        log_pz=latent_distribution(read.prior_loc, read.prior_scale).log_prob(read.z),
        log_px=read.log_px,
        log_qz=evaluated.log_prob(read.z),
    )


def evaluate_densities(
    read: Read,
    path: LatentPath,
    proposal: Proposal,
    *,
    log_pa: tf.Tensor,
    log_qa: tf.Tensor,
    log_prior: tf.Tensor,
    log_posterior: tf.Tensor,
) -> Inference:
    """The inference that samples make: all densities there, and both divergences.

    Args:
        read: the samples.
        path: how gradients pass z.
        proposal: the addresses of the samples.
        log_pa, log_qa: at these addresses, [S, B].
        log_prior: log p(a), [M].
        log_posterior: log q(a | x), [B, M].
    """
    p_latent = latent_distribution(read.prior_loc, read.prior_scale)
    q_latent = latent_distribution(read.loc, read.scale)
    q_address, p_address = map(address_distribution, (log_posterior, log_prior))
    latent_divergence = tfd.kl_divergence(q_latent, p_latent)
    return Inference(
        densities=LogDensities(
            log_pa=log_pa, log_qa=log_qa, **latent_densities(read, path)._asdict()
        ),
        kl_a=tfd.kl_divergence(q_address, p_address),
        kl_z=tf.reduce_sum(tf.exp(proposal.log_share) * latent_divergence, axis=0),
        proposal=proposal,
        log_posterior=log_posterior,
    )
