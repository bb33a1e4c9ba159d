"""Variational memory addressing: the model, its bound and its training step."""

from __future__ import annotations

from typing import NamedTuple

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfvma import bounds, estimators
from tfvma.distributions import address_distribution, latent_distribution, likelihood
from tfvma.estimators import LogDensities
from tfvma.layers.gather_rows import gather_rows
from tfvma.layers.memory import EpisodicMemory
from tfvma.models.distinct import distinct_entries, distinct_pairs
from tfvma.models.episodic import EpisodicModel, build_layer
from tfvma.models.mean import Mean
from tfvma.models.samples import merge_samples, split_samples
from tfvma.models.serving import Serving
from tfvma.sampling import sample_address, standard_normal
from tfvma.validation import check_at_least

tfd = tfp.distributions

METRICS = ("loss", "iw_bound", "reconstruction", "kl_a", "kl_z", "ess")


class Inference(NamedTuple):
    """One pass of inference over B targets with K samples each; nats.

    densities: log p and log q at the samples, each [K, B].
    kl_a: KL(q(a|x) || p(a)), summed exactly over the slots, [B].
    kl_z: KL(q(z|x, m_a) || p(z|m_a)), analytic, averaged over a_k ~ q, [B].
    address: the sampled addresses, int32 [K, B].
    log_posterior: log q(a|x), [B, M].
    """

    densities: LogDensities
    kl_a: tf.Tensor
    kl_z: tf.Tensor
    address: tf.Tensor
    log_posterior: tf.Tensor


class Read(NamedTuple):
    """K samples of z for every target, and what they decode to.

    loc, scale: of q(z | m_a, x), [K, B, D].
    z: [K, B, D].
    log_px: log p(x | z, m_a), [K, B], in nats.
    """

    loc: tf.Tensor
    scale: tf.Tensor
    z: tf.Tensor
    log_px: tf.Tensor


@keras.saving.register_keras_serializable("tfvma")
class VariationalMemoryAddressing(Serving, EpisodicModel):
    """Bornschein et al. 2017, "Variational Memory Addressing in Generative Models".

        p(x | M) = sum_a p(a | M) int p(z | m_a) p(x | z, m_a) dz        (1)
        q(a, z | M, x) = q(a | M, x) q(z | m_a, x)                       (3)

    Inputs are episodes: `x` [B, H, W, C], pixels 0 or 1, and `memory`
    [M, H, W, C]; with `x_label` [B] and `memory_label` [M] the address accuracy
    is reported too. All densities are in nats per image.

    Args:
        memory: EpisodicMemory or LearnedMemory.
        addressing: p(a | M) and q(a | M, x).
        entry_encoder: entries to a list of features, read by p(z | m) and p(x | m, z).
        prior_head: last of these features to (loc, scale) of p(z | m).
        posterior: q(z | m, x).
        decoder: p(x | z, m).
        image_shape: (H, W, C).
        num_samples: K, samples per target in training and `evaluate`.
        l2: adds l2 / 2 * ||w||^2 over all weights but a learned memory to the loss.
        seed: of the samples that training draws.
    """

    LAYERS = ("memory", "addressing", "entry_encoder", "prior_head", "posterior", "decoder")
    METRICS = METRICS
    # Of a and of z.
    NUM_SEEDS = 2

    def __init__(
        self,
        memory: keras.layers.Layer,
        addressing: keras.layers.Layer,
        entry_encoder: keras.layers.Layer,
        prior_head: keras.layers.Layer,
        posterior: keras.layers.Layer,
        decoder: keras.layers.Layer,
        image_shape: tuple[int, int, int],
        num_samples: int = 4,
        l2: float = 0.0,
        seed: int = 0,
        **model_options,
    ):
        super().__init__(image_shape, num_samples, l2, seed, **model_options)
        self.memory = memory
        self.addressing = addressing
        self.entry_encoder = entry_encoder
        self.prior_head = prior_head
        self.posterior = posterior
        self.decoder = decoder
        self.slices = 1
        self.address_accuracy = Mean(name="address_accuracy")
        self.build()

    @property
    def takes_memory(self) -> bool:
        return isinstance(self.memory, EpisodicMemory)

    def build(self, input_shape=None):
        """Makes all weights at once: shapes are known from `image_shape`."""
        if self.built:
            return
        x_shape = (None, *self.image_shape)
        if self.takes_memory:
            entry_shape = x_shape
            build_layer(self.memory, (None,), entry_shape)
        else:
            entry_shape = (None, *self.memory.entry_shape)
            build_layer(self.memory, (None,))
        build_layer(self.addressing, x_shape, entry_shape)
        build_layer(self.entry_encoder, entry_shape)
        features_shape = self.entry_encoder.compute_output_shape(entry_shape)
        build_layer(self.prior_head, features_shape[-1])
        build_layer(self.posterior, x_shape, entry_shape)
        build_layer(self.decoder, (None, self.prior_head.latent_dim), features_shape)
        self.built = True

    # Inference and the bound: one path for training and evaluation.

    def infer(self, x, memory, num_samples: int, seeds) -> Inference:
        """Samples (a_k, z_k) ~ q(a, z | x) and evaluates every density there.

        Args:
            x: [B, H, W, C].
            memory: [M, H, W, C], or None where the memory is learned.
            num_samples: K.
            seeds: two int32 [2] seeds, of a and of z.
        """
        entries = self.memory.entries(memory)
        keys = self.addressing.keys(entries)
        log_posterior = self.addressing.log_posterior(x, keys)
        log_prior = self.addressing.log_prior(keys)
        q_address = address_distribution(log_posterior)
        p_address = address_distribution(log_prior)
        address = sample_address(tf.stop_gradient(log_posterior), num_samples, seeds[0])
        one_hot = tf.one_hot(address, tf.shape(entries)[0])

        # Once per entry that is needed, then once per pair of target and entry, then once per
        # sample: the last two in slices of targets, which cores work on side by side.
        entries, slot = distinct_entries(entries, address, compiled=bool(self.jit_compile))
        features = self.entry_encoder(entries)
        prior_loc, prior_scale = self.prior_head(features[-1])
        entry_projection = self.posterior.project_entry(entries)
        condition = self.decoder.condition(features)
        noise = standard_normal([num_samples, tf.shape(x)[0], prior_loc.shape[-1]], seeds[1])
        slices = self._num_slices(x)
        reads = [
            self._read(*parts, entry_projection, condition)
            for parts in zip(
                tf.split(x, slices),
                tf.split(self.posterior.project_x(x), slices),
                tf.split(slot, slices, axis=1),
                tf.split(noise, slices, axis=1),
                strict=True,
            )
        ]
        loc, scale, z, log_px = (tf.concat(parts, axis=1) for parts in zip(*reads, strict=True))
        q_latent = latent_distribution(loc, scale)
        p_latent = latent_distribution(tf.gather(prior_loc, slot), tf.gather(prior_scale, slot))

        return Inference(
            densities=LogDensities(
                log_pa=p_address.log_prob(one_hot),
                log_pz=p_latent.log_prob(z),
                log_px=log_px,
                log_qa=q_address.log_prob(one_hot),
                log_qz=q_latent.log_prob(z),
            ),
            kl_a=tfd.kl_divergence(q_address, p_address),
            kl_z=tf.reduce_mean(tfd.kl_divergence(q_latent, p_latent), axis=0),
            address=address,
            log_posterior=log_posterior,
        )

    def _read(self, x, x_projection, slot, noise, entry_projection, condition) -> Read:
        """Draws z and decodes it, for some targets."""
        pairs = distinct_pairs(slot, tf.shape(entry_projection)[0], bool(self.jit_compile))
        loc, scale = self.posterior.from_projection(
            gather_rows(x_projection, pairs.target) + gather_rows(entry_projection, pairs.entry)
        )
        loc, scale = gather_rows(loc, pairs.place), gather_rows(scale, pairs.place)
        z = loc + scale * noise
        logits = self.decoder.from_condition(
            merge_samples(z), [gather_rows(part, tf.reshape(slot, [-1])) for part in condition]
        )
        pixels = likelihood(split_samples(logits, noise.shape[0]))
        return Read(loc, scale, z, pixels.log_prob(x))

    def _num_slices(self, x) -> int:
        """As many equal slices of the targets as were asked for, or the next smaller number."""
        if x.shape[0] is None:
            return 1
        return next(n for n in range(self.slices, 0, -1) if x.shape[0] % n == 0)

    def call(self, inputs, training=False):
        """The bound L_K of each target, [B], with fresh samples."""
        inference = self._infer_episode(inputs)
        return bounds.iw_bound(bounds.log_weights(*inference.densities))

    # Training.

    def compile(
        self,
        optimizer="adam",
        estimator="vimco",
        latent_warmup: int = 0,
        jit_compile="auto",
        slices: int = 1,
        steps_per_execution: int = 1,
        run_eagerly: bool = False,
    ):
        """Configures training.

        Args:
            estimator: name or instance, see `tfvma.estimators`.
            slices: of the targets of a step, worked on side by side: the number of
                cores where each operation has one thread (tfvma/training/threads.py).
            optimizer, latent_warmup, jit_compile, steps_per_execution, run_eagerly: see
                EpisodicModel.

        Raises:
            InvalidArgumentError: when the estimator cannot work with `num_samples`.
        """
        check_at_least("slices", slices, 1)
        self.slices = slices
        self.estimator = estimators.get(estimator)
        self.estimator.check(self.num_samples)
        super().compile(optimizer, latent_warmup, jit_compile, steps_per_execution, run_eagerly)

    def get_compile_config(self):
        config = super().get_compile_config()
        if config is not None:
            config["estimator"] = keras.saving.serialize_keras_object(self.estimator)
            config["slices"] = self.slices
        return config

    @property
    def metrics(self):
        return [*super().metrics, *([self.address_accuracy] if self.takes_memory else [])]

    def predict_step(self, episode):
        """Per target: the terms that `score` gives, at K = num_samples."""
        inference = self._infer_episode(episode)
        return {
            "log_likelihood": bounds.iw_bound(bounds.log_weights(*inference.densities)),
            "kl_address": inference.kl_a,
            "kl_latent": inference.kl_z,
            "reconstruction": tf.reduce_mean(inference.densities.log_px, axis=0),
        }

    def _infer(self, episode, seeds) -> Inference:
        return self.infer(episode["x"], episode.get("memory"), self.num_samples, seeds)

    def _objective(self, densities: LogDensities) -> tf.Tensor:
        return self.estimator.surrogate(densities)

    def _decayed_weights(self) -> list[keras.Variable]:
        memory = {id(weight) for weight in self.memory.trainable_weights}
        return [weight for weight in self.trainable_weights if id(weight) not in memory]

    def _measured(self, episode, inference: Inference) -> dict[str, tf.Tensor]:
        log_weights = bounds.log_weights(*inference.densities)
        measured = {
            "iw_bound": bounds.iw_bound(log_weights),
            "reconstruction": inference.densities.log_px,
            "kl_a": inference.kl_a,
            "kl_z": inference.kl_z,
            "ess": bounds.ess(log_weights),
        }
        if self.takes_memory and "x_label" in episode and "memory_label" in episode:
            read = tf.gather(episode["memory_label"], tf.argmax(inference.log_posterior, axis=1))
            measured["address_accuracy"] = tf.cast(tf.equal(read, episode["x_label"]), tf.float32)
        return measured
