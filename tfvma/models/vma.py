"""Variational memory addressing: the model, its bound and its training step."""

from __future__ import annotations

from typing import NamedTuple

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfvma import bounds, estimators
from tfvma.data.check import check_episodes, clear_errors
from tfvma.distributions import address_distribution, latent_distribution, likelihood
from tfvma.errors import InvalidArgumentError
from tfvma.estimators import LogDensities
from tfvma.layers.memory import EpisodicMemory
from tfvma.models.distinct import distinct_entries
from tfvma.models.mean import Mean
from tfvma.models.replicas import all_values, replica_index, replicas
from tfvma.models.samples import merge_samples, split_samples
from tfvma.models.serving import Serving
from tfvma.sampling import sample_address, sample_normal
from tfvma.validation import check_at_least, check_choice

tfd = tfp.distributions

METRICS = ("loss", "iw_bound", "reconstruction", "kl_a", "kl_z", "ess")
_WARMUP_START = 0.1
_LAYERS = ("memory", "addressing", "entry_encoder", "prior_head", "posterior", "decoder")


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


@keras.saving.register_keras_serializable("tfvma")
class VariationalMemoryAddressing(Serving, keras.Model):
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
        check_at_least("num_samples", num_samples, 1)
        check_at_least("l2", l2, 0.0)
        super().__init__(**model_options)
        self.memory = memory
        self.addressing = addressing
        self.entry_encoder = entry_encoder
        self.prior_head = prior_head
        self.posterior = posterior
        self.decoder = decoder
        self.image_shape = tuple(image_shape)
        self.num_samples = num_samples
        self.l2 = l2
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.latent_warmup = 0
        self.means = {name: Mean(name=name) for name in METRICS}
        self.address_accuracy = Mean(name="address_accuracy")
        self.build()

    def build(self, input_shape=None):
        """Makes all weights at once: shapes are known from `image_shape`."""
        if self.built:
            return
        x_shape = (None, *self.image_shape)
        if isinstance(self.memory, EpisodicMemory):
            entry_shape = x_shape
            _build(self.memory, (None,), entry_shape)
        else:
            entry_shape = (None, *self.memory.entry_shape)
            _build(self.memory, (None,))
        _build(self.addressing, x_shape, entry_shape)
        _build(self.entry_encoder, entry_shape)
        features_shape = self.entry_encoder.compute_output_shape(entry_shape)
        _build(self.prior_head, features_shape[-1])
        _build(self.posterior, x_shape, entry_shape)
        _build(self.decoder, (None, self.prior_head.latent_dim), features_shape)
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

        # From here on once per entry that is needed, then once per sample.
        entries, slot = distinct_entries(entries, address, compiled=bool(self.jit_compile))
        features = self.entry_encoder(entries)
        prior_loc, prior_scale = self.prior_head(features[-1])
        condition = self.decoder.condition(features)

        projection = self.posterior.project_x(x) + tf.gather(
            self.posterior.project_entry(entries), slot
        )
        loc, scale = self.posterior.from_projection(merge_samples(projection))
        loc = split_samples(loc, num_samples)
        scale = split_samples(scale, num_samples)
        q_latent = latent_distribution(loc, scale)
        p_latent = latent_distribution(tf.gather(prior_loc, slot), tf.gather(prior_scale, slot))
        z = sample_normal(loc, scale, seeds[1])

        flat_slot = tf.reshape(slot, [-1])
        logits = self.decoder.from_condition(
            merge_samples(z), [tf.gather(part, flat_slot) for part in condition]
        )
        log_px = likelihood(split_samples(logits, num_samples)).log_prob(x)

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

    def call(self, inputs, training=False):
        """The bound L_K of each target, [B], with fresh samples."""
        inference = self._infer_episode(inputs)
        return bounds.iw_bound(bounds.log_weights(*inference.densities))

    def compute_output_shape(self, input_shape):
        return (input_shape["x"][0],)

    # Training.

    def compile(
        self,
        optimizer="adam",
        estimator="vimco",
        latent_warmup: int = 0,
        jit_compile="auto",
        steps_per_execution: int = 1,
        run_eagerly: bool = False,
    ):
        """Configures training.

        Args:
            optimizer: a Keras optimizer.
            estimator: name or instance, see `tfvma.estimators`.
            latent_warmup: over this many first steps the weight of log p(z) - log q(z)
                in the surrogate grows from 0.1 to 1; metrics are not affected.
            jit_compile: True, False, or "auto", which takes XLA only where there is
                a GPU: on CPU it was measured to be slower (benchmarks/step_time.py).
            steps_per_execution, run_eagerly: as in Keras.

        Raises:
            InvalidArgumentError: when the estimator cannot work with `num_samples`.
        """
        check_at_least("latent_warmup", latent_warmup, 0)
        check_choice("jit_compile", jit_compile, (True, False, "auto"))
        self.estimator = estimators.get(estimator)
        self.estimator.check(self.num_samples)
        self.latent_warmup = latent_warmup
        if jit_compile == "auto":
            jit_compile = bool(tf.config.list_physical_devices("GPU"))
        super().compile(
            optimizer=optimizer,
            jit_compile=jit_compile,
            steps_per_execution=steps_per_execution,
            run_eagerly=run_eagerly,
        )

    def get_compile_config(self):
        if not self.compiled:
            return None
        serialize = keras.saving.serialize_keras_object
        return {
            "optimizer": serialize(self.optimizer),
            "estimator": serialize(self.estimator),
            "latent_warmup": self.latent_warmup,
            "jit_compile": self.jit_compile,
            "steps_per_execution": self.steps_per_execution,
            "run_eagerly": self.run_eagerly,
        }

    def compile_from_config(self, config):
        deserialize = keras.saving.deserialize_keras_object
        objects = ("optimizer", "estimator")
        self.compile(**{k: deserialize(v) if k in objects else v for k, v in config.items()})
        self.optimizer.build(self.trainable_variables)

    @property
    def metrics(self):
        return [*self.means.values(), self.address_accuracy]

    def train_step(self, episodes):
        """One update with the mean gradient over episodes, each with its own memory.

        Args:
            episodes: an episode, or a tuple of them. Under a strategy of several
                replicas those of this replica, as many as each of the others has; the
                mean is over all.
        """
        own = (episodes,) if isinstance(episodes, dict) else episodes
        gradients_of = self._gradients
        if self.jit_compile and replicas() > 1:
            # Keras has the whole step compiled, which strategies do not allow.
            gradients_of = tf.function(gradients_of, jit_compile=True)
        weight = 1.0 / (len(own) * replicas())
        sums, results = [], {}
        for episode, seeds in zip(own, self._draw_seeds(len(own)), strict=True):
            # One after the other, so that activations of one episode are kept at a time.
            with tf.control_dependencies(sums):
                gradients, inference, regularization = gradients_of(episode, seeds, weight)
            sums = list(map(tf.add, sums, gradients)) if sums else gradients
            results = self._update_metrics(episode, inference, regularization)
        self.optimizer.apply(sums, self.trainable_weights)
        return results

    def _gradients(self, episode, seeds, weight: float):
        """The gradients of `weight` times the loss of one episode, and what it was made of."""
        with tf.GradientTape() as tape:
            inference = self.infer(episode["x"], episode.get("memory"), self.num_samples, seeds)
            surrogate = self.estimator.surrogate(self._warm(inference.densities))
            regularization = self._regularization()
            loss = weight * (regularization - tf.reduce_mean(surrogate))
        return tape.gradient(loss, self.trainable_weights), inference, regularization

    def test_step(self, episode):
        inference = self._infer_episode(episode)
        return self._update_metrics(episode, inference, self._regularization())

    def predict_step(self, episode):
        """Per target: the terms that `score` gives, at K = num_samples."""
        inference = self._infer_episode(episode)
        return {
            "log_likelihood": bounds.iw_bound(bounds.log_weights(*inference.densities)),
            "kl_address": inference.kl_a,
            "kl_latent": inference.kl_z,
            "reconstruction": tf.reduce_mean(inference.densities.log_px, axis=0),
        }

    def _infer_episode(self, episode) -> Inference:
        (seeds,) = self._draw_seeds(1)
        return self.infer(episode["x"], episode.get("memory"), self.num_samples, seeds)

    def _draw_seeds(self, num_episodes: int) -> list[list[tf.Tensor]]:
        """The seeds of a and of z for each episode of this replica.

        Episodes of all replicas are counted one by one, so that the seeds of an episode
        do not depend on where it is computed.
        """
        seed, drawn = tf.unstack(self.seed_generator.state.value)
        self.seed_generator.state.assign([seed, drawn + 2 * num_episodes * replicas()])
        first = tf.cast(drawn, tf.int32) + 2 * num_episodes * replica_index()
        seed = tf.cast(seed, tf.int32)
        numbers = range(num_episodes)
        return [[tf.stack([seed, first + 2 * e + part]) for part in (0, 1)] for e in numbers]

    def _warm(self, densities: LogDensities) -> LogDensities:
        """Weighs the terms of z in the surrogate while they warm up."""
        if self.latent_warmup == 0:
            return densities
        progress = tf.cast(self.optimizer.iterations, tf.float32) / self.latent_warmup
        weight = tf.minimum(_WARMUP_START + (1.0 - _WARMUP_START) * progress, 1.0)
        return densities._replace(
            log_pz=weight * densities.log_pz, log_qz=weight * densities.log_qz
        )

    def _regularization(self) -> tf.Tensor:
        if self.l2 == 0.0:
            return tf.constant(0.0)
        memory_weights = {id(weight) for weight in self.memory.trainable_weights}
        decayed = [w for w in self.trainable_weights if id(w) not in memory_weights]
        return self.l2 * tf.add_n([tf.nn.l2_loss(tf.convert_to_tensor(w)) for w in decayed])

    def _update_metrics(
        self, episode, inference: Inference, regularization: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        log_weights = bounds.log_weights(*inference.densities)
        iw_bound = bounds.iw_bound(log_weights)
        values = {
            "loss": regularization - iw_bound,
            "iw_bound": iw_bound,
            "reconstruction": inference.densities.log_px,
            "kl_a": inference.kl_a,
            "kl_z": inference.kl_z,
            "ess": bounds.ess(log_weights),
        }
        means = self.means
        if "x_label" in episode and "memory_label" in episode:
            read = tf.gather(episode["memory_label"], tf.argmax(inference.log_posterior, axis=1))
            right = tf.cast(tf.equal(read, episode["x_label"]), tf.float32)
            values["address_accuracy"] = right
            means = {**means, "address_accuracy": self.address_accuracy}
        for name, value in all_values(values).items():
            means[name].update_state(value)
        return {name: mean.result() for name, mean in means.items()}

    # Datasets of episodes are checked before, and while, they are read.

    def fit(
        self,
        x=None,
        epochs: int = 1,
        verbose="auto",
        callbacks=None,
        validation_data=None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_freq: int = 1,
    ):
        """`keras.Model.fit` on a `tf.data.Dataset` of episodes.

        Raises:
            InvalidArgumentError: when `x` is no dataset of episodes for this model.
        """
        if validation_data is not None:
            validation_data = self._checked(validation_data)
        with clear_errors():
            return super().fit(
                self._checked(x),
                epochs=epochs,
                verbose=verbose,
                callbacks=callbacks,
                validation_data=validation_data,
                shuffle=False,  # Datasets come shuffled; anything else makes Keras warn.
                initial_epoch=initial_epoch,
                steps_per_epoch=steps_per_epoch,
                validation_steps=validation_steps,
                validation_freq=validation_freq,
            )

    def evaluate(self, x=None, *args, **options):
        """`keras.Model.evaluate` on a `tf.data.Dataset` of episodes; raises as `fit` does."""
        # Keras calls this from `fit` with private options of its own.
        with clear_errors():
            return super().evaluate(self._checked(x), *args, **options)

    def predict(self, x, verbose="auto", steps: int | None = None, callbacks=None):
        """`keras.Model.predict` on a `tf.data.Dataset` of episodes; raises as `fit` does."""
        with clear_errors():
            return super().predict(
                self._checked(x), verbose=verbose, steps=steps, callbacks=callbacks
            )

    def _checked(self, episodes) -> tf.data.Dataset:
        count = self.distribute_strategy.num_replicas_in_sync
        if count > 1:
            raise InvalidArgumentError(
                f"{type(self.distribute_strategy).__name__} with {count} replicas: Keras would "
                "split the memory of each episode between them; expected one replica, or "
                "`tfvma.training.train(..., strategy=...)`, which gives each whole episodes."
            )
        with_memory = isinstance(self.memory, EpisodicMemory)
        return check_episodes(episodes, self.image_shape, with_memory)

    # Serialization.

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **{name: serialize(getattr(self, name)) for name in _LAYERS},
            "image_shape": self.image_shape,
            "num_samples": self.num_samples,
            "l2": self.l2,
            "seed": self.seed,
            "name": self.name,
            "trainable": self.trainable,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        deserialize = keras.saving.deserialize_keras_object
        return cls(**{k: deserialize(v) if k in _LAYERS else v for k, v in config.items()})


def _build(layer: keras.layers.Layer, *shapes) -> None:
    """Builds a layer unless it was built before, as reloaded ones are."""
    if not layer.built:
        layer.build(*shapes)
