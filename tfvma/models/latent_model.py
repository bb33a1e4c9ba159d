"""Models with z at the top and no address: their bound and training step."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf
import tensorflow_probability as tfp

from tfvma import bounds
from tfvma.distributions import latent_distribution, log_likelihood
from tfvma.estimators import LatentDensities
from tfvma.models.episodic import EpisodicModel
from tfvma.models.latent_serving import LatentServing
from tfvma.models.samples import merge_samples, split_samples
from tfvma.sampling import sample_normal

tfd = tfp.distributions


class LatentInference(NamedTuple):
    """One pass of inference over B targets with K samples each; nats.

    densities: log p and log q at the samples, each [K, B].
    kl_z: KL(q(z|x) || p(z)), analytic, [B].
    """

    densities: LatentDensities
    kl_z: tf.Tensor


class LatentModel(LatentServing, EpisodicModel):
    """A standard normal p(z) over everything, and q(z | x).

        L_K = log 1/K sum_k p(z_k) p(x | z_k) / q(z_k | x),    z_k ~ q(z | x)

    is what training maximises, by the gradient through the samples (Burda et al. 2015); at
    K = 1 it is the evidence lower bound. A subclass has the layers `encoder`, x to a list
    of features, and `posterior_head`, the last of these to (loc, scale) of q(z | x), and
    defines `logits_of`.
    """

    METRICS = ("loss", "iw_bound", "reconstruction", "kl_z", "ess")
    NUM_SEEDS = 1

    def logits_of(
        self, memory: tf.Tensor | None, num_latents: int | None
    ) -> Callable[[tf.Tensor], tf.Tensor]:
        """The function from z [N, D] to logits of p(x | z) [N, H, W, C], given a memory.

        What depends on the memory alone is computed here, once.

        Args:
            memory: [M, H, W, C], or None where the model takes none.
            num_latents: how many z it will be given in all, None where not known.
        """
        raise NotImplementedError

    def infer(self, x, memory, num_samples: int, seed) -> LatentInference:
        """Samples z_k ~ q(z | x) and evaluates every density there.

        Args:
            x: [B, H, W, C].
            memory: [M, H, W, C], or None where the model takes none.
            num_samples: K.
            seed: int32 [2], of z.

        Raises InvalidArgumentError for targets of another shape.
        """
        self._check_targets(x)
        loc, scale = self.posterior_head(self.encoder(x)[-1])
        q_latent = latent_distribution(loc, scale)
        p_latent = latent_distribution(tf.zeros_like(loc), tf.ones_like(scale))
        z = sample_normal(tf.repeat(loc[tf.newaxis], num_samples, axis=0), scale, seed)

        batch = x.shape[0]
        decode = self.logits_of(memory, None if batch is None else num_samples * batch)
        logits = split_samples(decode(merge_samples(z)), num_samples)
        return LatentInference(
            densities=LatentDensities(
                log_pz=p_latent.log_prob(z),
                log_px=log_likelihood(logits, x),
                log_qz=q_latent.log_prob(z),
            ),
            kl_z=tfd.kl_divergence(q_latent, p_latent),
        )

    def call(self, inputs, training=False):
        """The bound L_K of each target, [B], with fresh samples."""
        inference = self._infer_episode(inputs)
        return bounds.iw_bound(bounds.latent_log_weights(*inference.densities))

    def predict_step(self, episode):
        """Per target: the terms that `score` gives, at K = num_samples."""
        inference = self._infer_episode(episode)
        return {
            "log_likelihood": bounds.iw_bound(bounds.latent_log_weights(*inference.densities)),
            "kl_latent": inference.kl_z,
            "reconstruction": tf.reduce_mean(inference.densities.log_px, axis=0),
        }

    def _infer(self, episode, seeds) -> LatentInference:
        memory = episode["memory"] if self.takes_memory else None
        return self.infer(episode["x"], memory, self.num_samples, *seeds)

    def _learn(self, episode, seeds) -> tuple[LatentInference, tf.Tensor]:
        inference = self._infer(episode, seeds)
        densities = self.warm(inference.densities)
        return inference, bounds.iw_bound(bounds.latent_log_weights(*densities))

    def _measured(self, episode, inference: LatentInference) -> dict[str, tf.Tensor]:
        log_weights = bounds.latent_log_weights(*inference.densities)
        return {
            "iw_bound": bounds.iw_bound(log_weights),
            "reconstruction": inference.densities.log_px,
            "kl_z": inference.kl_z,
            "ess": bounds.ess(log_weights),
        }
