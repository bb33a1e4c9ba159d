"""Variational memory addressing: the model, its bound and its training step."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvma import bounds, estimators
from tfvma.distributions import address_distribution, log_likelihood
from tfvma.errors import InvalidArgumentError
from tfvma.estimators import Estimator, Proposal, Relaxed
from tfvma.estimators.estimator import proposal_of, surrogate_of
from tfvma.layers.gather_rows import gather_rows
from tfvma.layers.memory import EpisodicMemory
from tfvma.models.distinct import distinct_entries, distinct_pairs
from tfvma.models.drawn import learn_from_drawn
from tfvma.models.episodic import EpisodicModel, build_decoder, build_layer, check_latent_dims
from tfvma.models.inference import (
    Asked,
    Encoded,
    Inference,
    Read,
    Samples,
    evaluate_densities,
    latent_noise,
)
from tfvma.models.latent_path import LATENT_GRADIENTS, LatentPath
from tfvma.models.mean import Mean
from tfvma.models.relaxed import infer_relaxed
from tfvma.models.samples import merge_samples, split_samples
from tfvma.models.serving import Serving
from tfvma.validation import check_at_least, check_choice

BACKWARD = ("all_samples", "drawn_sample")
METRICS = ("loss", "iw_bound", "reconstruction", "kl_a", "kl_z", "ess")


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
        image_shape: (H, W, C), that of the decoder's logits.
        num_samples: K, samples per target in training and `evaluate`.
        l2: adds l2 / 2 * ||w||^2 over all weights but a learned memory to the loss.
        seed: of the samples that training and `evaluate` draw, one after the other; a .keras
            file keeps where it begins and not how far it got.
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
        """Makes all weights at once: shapes are known from `image_shape`.

        Raises InvalidArgumentError where the decoder's logits have another shape, or z another
        size in one layer than in another.
        """
        if self.built:
            return
        check_latent_dims(
            prior_head=self.prior_head, posterior=self.posterior, decoder=self.decoder
        )
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
        build_decoder(
            self.decoder, self.image_shape, (None, self.prior_head.latent_dim), features_shape
        )
        self.built = True

    # Inference and the bound: one path for training and evaluation.

    def infer(
        self,
        x,
        memory,
        num_samples: int,
        seeds,
        estimator: Estimator | None = None,
        latent_path: LatentPath | None = None,
    ) -> Inference:
        """Samples (a_s, z_s) and evaluates every density there.

        Args:
            x: [B, H, W, C].
            memory: [M, H, W, C], or None where the memory is learned.
            num_samples: K.
            seeds: two int32 [2] seeds, of a and of z.
            estimator: proposes the addresses; None for K samples of q(a | x).
            latent_path: how gradients pass z; None for the reparameterised way.
        """
        entries = self.memory.entries(memory)
        asked = self.ask(x, entries)
        samples = self.sample(asked, num_samples, seeds, estimator)
        encoded = self.encode(entries, samples.proposal.address)
        return self.infer_at(asked, samples, encoded, latent_path or LatentPath())

    def ask(self, x, entries) -> Asked:
        """What is known of targets [B, H, W, C] before one of the entries [M, ...] is read.

        Raises InvalidArgumentError for targets of another shape.
        """
        self._check_targets(x)
        log_posterior, log_prior = self.addressing(x, entries)
        return Asked(x, self.posterior.project_x(x), log_posterior, log_prior)

    def sample(self, asked: Asked, num_samples: int, seeds, estimator: Estimator | None) -> Samples:
        """Draws addresses and noise; arguments as those of `infer`."""
        proposal = proposal_of(estimator or Estimator(), asked.log_posterior, num_samples, seeds[0])
        noise = latent_noise(proposal.address, self.prior_head.latent_dim, seeds[1])
        return Samples(proposal, noise)

    def encode(self, entries, address) -> Encoded:
        """The entries at addresses [S, B]: once per entry that is needed."""
        entries, slot = distinct_entries(entries, address, compiled=bool(self.jit_compile))
        features = self.entry_encoder(entries)
        prior_loc, prior_scale = self.prior_head(features[-1])
        projection = self.posterior.project_entry(entries)
        return Encoded(slot, projection, prior_loc, prior_scale, self.decoder.condition(features))

    def infer_at(
        self, asked: Asked, samples: Samples, encoded: Encoded, path: LatentPath
    ) -> Inference:
        """Every density at the samples."""
        one_hot = tf.one_hot(samples.proposal.address, tf.shape(asked.log_prior)[0])
        return evaluate_densities(
            self.read(asked, samples.noise, encoded, path),
            path,
            samples.proposal,
            log_pa=address_distribution(asked.log_prior).log_prob(one_hot),
            log_qa=address_distribution(asked.log_posterior).log_prob(one_hot),
            log_prior=asked.log_prior,
            log_posterior=asked.log_posterior,
        )

    def read(self, asked: Asked, noise, encoded: Encoded, path: LatentPath) -> Read:
        """Reads the encoded entries with noise [S, B, D] of z.

        In slices of targets, which cores work on side by side.
        """
        slices = self._num_slices(asked.x)
        reads = [
            self._read_slice(*parts, encoded, part, slices, path)
            for part, parts in enumerate(
                zip(
                    tf.split(asked.x, slices),
                    tf.split(asked.x_projection, slices),
                    tf.split(encoded.slot, slices, axis=1),
                    tf.split(noise, slices, axis=1),
                    strict=True,
                )
            )
        ]
        return Read(*(tf.concat(parts, axis=1) for parts in zip(*reads, strict=True)))

    def _read_slice(
        self, x, x_projection, slot, noise, encoded: Encoded, part: int, parts: int, path
    ) -> Read:
        """Draws z and decodes it, for the `part`-th of `parts` slices of the targets: once per
        pair of target and entry, then once per sample."""
        pairs = distinct_pairs(slot, tf.shape(encoded.projection)[0], bool(self.jit_compile))
        loc, scale = self.posterior.from_projection(
            gather_rows(x_projection, pairs.target) + gather_rows(encoded.projection, pairs.entry)
        )
        loc, scale = gather_rows(loc, pairs.place), gather_rows(scale, pairs.place)
        z = path.through(loc + scale * noise, part, parts)
        logits = self.decoder.from_condition(
            merge_samples(z),
            [gather_rows(read, tf.reshape(slot, [-1])) for read in encoded.condition],
        )
        logits = split_samples(logits, z.shape[0])
        prior_loc, prior_scale = (
            tf.gather(of_entries, slot) for of_entries in (encoded.prior_loc, encoded.prior_scale)
        )
        return Read(prior_loc, prior_scale, loc, scale, z, log_likelihood(logits, x))

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
        latent_gradient: str = "reparameterized",
        latent_warmup: int = 0,
        jit_compile="auto",
        slices: int = 1,
        steps_per_execution: int = 1,
        run_eagerly: bool = False,
        backward: str = "all_samples",
    ):
        """Configures training.

        Metrics of training are read off the addresses that the estimator proposes, each for its
        share of q(a | x): with those that enumerate, `iw_bound` has the address summed out,
        and `ess` is at most M. `evaluate` takes K samples of q(a | x), whatever the estimator.

        Args:
            estimator: a name, with settings where wanted (`tfvma.estimators.get`), or an
                instance. One with variables serves the model that it was compiled with last.
            latent_gradient: "reparameterized" or "doubly_reparameterized", see LatentPath.
            slices: of the targets of a step, worked on side by side: the number of
                cores where each operation has one thread (tfvma/training/threads.py).
            backward: "all_samples", or "drawn_sample" for gradients through one z of each target
                and its decoding, drawn in proportion to what it teaches, with VIMCO to its weight:
                the same in expectation and noisier, in a faster step
                (tfvma/estimators/drawn_sample.py). Not with relaxed addresses.
            optimizer, latent_warmup, jit_compile, steps_per_execution, run_eagerly: see
                EpisodicModel.

        Raises:
            InvalidArgumentError: for an unknown name or setting, or when the estimator cannot
                work with `num_samples`, the size of a learned memory, `latent_gradient`, or
                `backward`.
        """
        check_at_least("slices", slices, 1)
        estimator = estimators.get(estimator)
        self._check_estimator(estimator, self.num_samples)
        estimator.build(self.image_shape)
        latent_gradient = _joint_latent_gradient(estimator, latent_gradient)
        backward = _checked_backward(estimator, backward)
        super().compile(optimizer, latent_warmup, jit_compile, steps_per_execution, run_eagerly)
        # After all that can be refused: a model is compiled in one way or the other.
        self.slices, self.estimator = slices, estimator
        self.latent_gradient, self.backward = latent_gradient, backward

    def _check_num_samples(self, value: int) -> None:
        super()._check_num_samples(value)
        if self.compiled:
            self._check_estimator(self.estimator, value)

    def _check_estimator(self, estimator: Estimator, num_samples: int) -> None:
        estimator.check(num_samples, getattr(self.memory, "memory_size", None))

    @property
    def estimator_state(self) -> list:
        return self.estimator.variables if self.compiled else []

    def get_compile_config(self):
        config = super().get_compile_config()
        if config is not None:
            config["estimator"] = keras.saving.serialize_keras_object(self.estimator)
            config["latent_gradient"] = self.latent_gradient
            config["backward"] = self.backward
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

    def _learn(self, episode, seeds) -> tuple[Inference, tf.Tensor]:
        x, memory = episode["x"], episode.get("memory")
        path = LatentPath(self.latent_gradient)
        if self.backward == "drawn_sample":
            return learn_from_drawn(self, x, memory, seeds, path)
        given = (x, memory, self.num_samples, seeds, self.estimator)
        if isinstance(self.estimator, Relaxed):
            inferred = infer_relaxed(self, *given, self.optimizer.iterations, path)
        else:
            inferred = self.infer(*given, path)
        densities = self.warm(inferred.densities)
        path.scale_by(self.latent_factor(densities, inferred.proposal))
        return inferred, surrogate_of(self.estimator, densities, inferred.proposal, x)

    def latent_factor(self, densities, proposal: Proposal) -> tf.Tensor:
        """What doubly reparameterised gradients through each z are multiplied by, [S, B]."""
        factor = self.estimator.latent_factor(densities, proposal)
        return self.estimator.warm_factor(factor, self._latent_weight())

    def _to_measure(self, episode, seeds, inference: Inference) -> Inference:
        # What a mixture gives is no bound of this model. The same seeds give the addresses
        # that the weights of the mixture lean to.
        return self._infer(episode, seeds) if isinstance(self.estimator, Relaxed) else inference

    def _decayed_weights(self) -> list[keras.Variable]:
        memory = {id(weight) for weight in self.memory.trainable_weights}
        return [weight for weight in self.trainable_weights if id(weight) not in memory]

    def _measured(self, episode, inference: Inference) -> dict[str, tf.Tensor]:
        log_weights = bounds.log_weights(*inference.densities)
        log_share = inference.proposal.log_share
        measured = {
            "iw_bound": bounds.shared_bound(log_weights, log_share),
            "reconstruction": tf.reduce_sum(tf.exp(log_share) * inference.densities.log_px, axis=0),
            "kl_a": inference.kl_a,
            "kl_z": inference.kl_z,
            "ess": bounds.ess(log_weights + log_share),
        }
        if self.takes_memory and "x_label" in episode and "memory_label" in episode:
            read = tf.gather(episode["memory_label"], tf.argmax(inference.log_posterior, axis=1))
            measured["address_accuracy"] = tf.cast(tf.equal(read, episode["x_label"]), tf.float32)
        return measured


def _joint_latent_gradient(estimator: Estimator, asked: str) -> str:
    """How gradients pass z with `estimator`, which may have a way of its own.

    Raises InvalidArgumentError where that is not the one asked for.
    """
    own = estimator.latent_gradient
    # Also what a saved model asks for.
    if asked == own:
        return own
    check_choice("latent_gradient", asked, LATENT_GRADIENTS[:2])
    if own == "reparameterized":
        return asked
    if asked != "reparameterized":
        raise InvalidArgumentError(
            f"latent_gradient={asked!r}: expected 'reparameterized', the default, with "
            f"{type(estimator).__name__}, whose z is {own}. Of WakeWake, "
            "latent='wake_reparameterized' is doubly reparameterised."
        )
    return own


def _checked_backward(estimator: Estimator, backward: str) -> str:
    check_choice("backward", backward, BACKWARD)
    if backward == "drawn_sample" and isinstance(estimator, Relaxed):
        raise InvalidArgumentError(
            f"backward='drawn_sample': expected 'all_samples' with {type(estimator).__name__}, "
            "whose gradients of the address pass the decoder."
        )
    return backward
