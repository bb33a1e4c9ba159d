"""What every model of the package does alike: reads datasets of episodes, averages its
metrics over an epoch, and is compiled, saved and reloaded."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvma.data.check import check_episodes, clear_errors
from tfvma.errors import InvalidArgumentError
from tfvma.models.mean import Mean
from tfvma.models.replicas import all_values, replica_index, replicas
from tfvma.validation import check_at_least, check_choice, check_seed

_WARMUP_START = 0.1


class EpisodicModel(keras.Model):
    """Base of the models. A subclass names its layers in LAYERS, in the order of its
    arguments, its metrics in METRICS and how many seeds its noise takes in NUM_SEEDS, and
    defines `takes_memory`, `build`, `predict_step`, `_infer`, `_learn` and `_measured`.

    Args:
        image_shape: (H, W, C).
        num_samples: K, samples per target in training and `evaluate`.
        l2: adds l2 / 2 * ||w||^2 over the weights that decay to the loss.
        seed: of the samples that training and `evaluate` draw, one after the other; a .keras
            file keeps where it begins and not how far it got.

    The last three can be set at any time, in a callback too: what is set holds from the next step
    on, and another seed begins its own samples.
    """

    LAYERS: tuple[str, ...]
    METRICS: tuple[str, ...]
    NUM_SEEDS: int

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        num_samples: int,
        l2: float,
        seed: int,
        **model_options,
    ):
        check_seed("seed", seed)
        super().__init__(**model_options)
        self.image_shape = tuple(image_shape)
        self.num_samples = num_samples
        self.l2 = l2
        self._seed = seed
        self.seed_generator = keras.random.SeedGenerator(int(seed))
        self.latent_warmup = 0
        self.means = {name: Mean(name=name) for name in self.METRICS}

    @property
    def num_samples(self) -> int:
        return self._num_samples

    @num_samples.setter
    def num_samples(self, value: int) -> None:
        self._check_num_samples(value)
        self._num_samples = value
        self._trace_anew()

    def _check_num_samples(self, value: int) -> None:
        check_at_least("num_samples", value, 1)

    @property
    def l2(self) -> float:
        return self._l2

    @l2.setter
    def l2(self, value: float) -> None:
        check_at_least("l2", value, 0.0)
        self._l2 = value
        self._trace_anew()

    @property
    def seed(self) -> int:
        return self._seed

    @seed.setter
    def seed(self, value: int) -> None:
        check_seed("seed", value)
        self._seed = value
        self.seed_generator.state.assign([int(value), 0])

    def _trace_anew(self) -> None:
        """Has Keras make its functions again, which hold the values that they were traced with.

        At once, since a callback may have set them, and `fit` goes on with what is there.
        """
        if self.train_function is not None:
            self.make_train_function(force=True)
        if self.test_function is not None:
            self.make_test_function(force=True)
        if self.predict_function is not None:
            self.make_predict_function(force=True)

    @property
    def takes_memory(self) -> bool:
        """Whether a memory comes with every call."""
        raise NotImplementedError

    @property
    def estimator_state(self) -> list:
        """Variables of the gradient estimator, which a checkpoint keeps and a model does not."""
        return []

    def compute_output_shape(self, input_shape):
        return (input_shape["x"][0],)

    # Training.

    def compile(
        self,
        optimizer="adam",
        latent_warmup: int = 0,
        jit_compile="auto",
        steps_per_execution: int = 1,
        run_eagerly: bool = False,
    ):
        """Configures training.

        Args:
            optimizer: a Keras optimizer.
            latent_warmup: over this many first steps the weight of log p(z) - log q(z)
                in what is maximised grows from 0.1 to 1; metrics are not affected.
            jit_compile: True, False, or "auto", which takes XLA only where there is
                a GPU: on CPU it was measured to be slower (benchmarks/step_time.py).
            steps_per_execution, run_eagerly: as in Keras.

        Raises:
            InvalidArgumentError: for a value out of range, or float16, whose gradients would
                have to be scaled.
        """
        check_at_least("latent_warmup", latent_warmup, 0)
        check_choice("jit_compile", jit_compile, (True, False, "auto"))
        self._check_scale(optimizer)
        self.latent_warmup = latent_warmup
        if jit_compile == "auto":
            jit_compile = bool(tf.config.list_physical_devices("GPU"))
        super().compile(
            optimizer=optimizer,
            jit_compile=jit_compile,
            steps_per_execution=steps_per_execution,
            run_eagerly=run_eagerly,
        )

    def _check_scale(self, optimizer) -> None:
        for layer in (self, *(getattr(self, name) for name in self.LAYERS)):
            if layer.compute_dtype == "float16":
                raise InvalidArgumentError(
                    f"dtype={layer.dtype_policy.name!r} of {layer.name}: expected 'float32', or "
                    "'mixed_bfloat16' with the same range."
                )
        if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            raise InvalidArgumentError(
                "optimizer=LossScaleOptimizer: expected the optimizer within it, since no loss is "
                "scaled here."
            )

    def get_compile_config(self):
        if not self.compiled:
            return None
        return {
            "optimizer": keras.saving.serialize_keras_object(self.optimizer),
            "latent_warmup": self.latent_warmup,
            "jit_compile": self.jit_compile,
            "steps_per_execution": self.steps_per_execution,
            "run_eagerly": self.run_eagerly,
        }

    def compile_from_config(self, config):
        deserialize = keras.saving.deserialize_keras_object
        self.compile(**{k: deserialize(v) if isinstance(v, dict) else v for k, v in config.items()})
        self.optimizer.build(self.trainable_variables)

    @property
    def metrics(self):
        return list(self.means.values())

    def _infer(self, episode, seeds):
        """One pass of inference over an episode, with `densities`."""
        raise NotImplementedError

    def _learn(self, episode, seeds):
        """A pass of inference to learn from, and what it maximises, [B], by its gradient."""
        raise NotImplementedError

    def _measured(self, episode, inference) -> dict[str, tf.Tensor]:
        """The values of METRICS but the loss."""
        raise NotImplementedError

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
            inference, objective = self._learn(episode, seeds)
            regularization = self._regularization()
            loss = weight * (regularization - tf.reduce_mean(objective))
        gradients = tape.gradient(loss, self.trainable_weights)
        return gradients, self._to_measure(episode, seeds, inference), regularization

    def gradients(self, episode, seeds) -> list[tf.Tensor | None]:
        """The gradients of the loss of one episode in `trainable_weights`.

        Weights stay as they are; baselines of an estimator learn, as in a step.

        Args:
            episode: as in training.
            seeds: int32 [2] each, NUM_SEEDS of them, of the noise.
        """
        gradients, _, _ = self._gradients(episode, seeds, 1.0)
        return gradients

    def _to_measure(self, episode, seeds, inference):
        """The pass of inference that metrics are taken from: the one learned from."""
        return inference

    def test_step(self, episode):
        inference = self._infer_episode(episode)
        return self._update_metrics(episode, inference, self._regularization())

    def _infer_episode(self, episode):
        (seeds,) = self._draw_seeds(1)
        return self._infer(episode, seeds)

    def _draw_seeds(self, num_episodes: int) -> list[list[tf.Tensor]]:
        """NUM_SEEDS seeds, int32 [2], for each episode of this replica.

        Episodes of all replicas are counted one by one, so that the seeds of an episode
        do not depend on where it is computed.
        """
        seed, drawn = tf.unstack(self.seed_generator.state.value)
        count = self.NUM_SEEDS * num_episodes
        self.seed_generator.state.assign([seed, drawn + count * replicas()])
        first = tf.cast(drawn, tf.int32) + count * replica_index()
        seeds = [tf.stack([tf.cast(seed, tf.int32), first + number]) for number in range(count)]
        return [seeds[start : start + self.NUM_SEEDS] for start in range(0, count, self.NUM_SEEDS)]

    def warm(self, densities):
        """Weighs log_pz and log_qz of a tuple of densities while they warm up."""
        if self.latent_warmup == 0:
            return densities
        weight = self._latent_weight()
        return densities._replace(
            log_pz=weight * densities.log_pz, log_qz=weight * densities.log_qz
        )

    def _latent_weight(self) -> tf.Tensor:
        """The weight of log_pz and log_qz in this step."""
        if self.latent_warmup == 0:
            return tf.constant(1.0)
        progress = tf.cast(self.optimizer.iterations, tf.float32) / self.latent_warmup
        return tf.minimum(_WARMUP_START + (1.0 - _WARMUP_START) * progress, 1.0)

    def _decayed_weights(self) -> list[keras.Variable]:
        """The weights that `l2` holds down."""
        return self.trainable_weights

    def _regularization(self) -> tf.Tensor:
        if self.l2 == 0.0:
            return tf.constant(0.0)
        norms = [tf.nn.l2_loss(tf.convert_to_tensor(w)) for w in self._decayed_weights()]
        # Frozen weights are a constant, and all may be frozen.
        return self.l2 * tf.add_n(norms) if norms else tf.constant(0.0)

    def _update_metrics(
        self, episode, inference, regularization: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Adds what an episode gave; returns the means so far."""
        measured = self._measured(episode, inference)
        values = {"loss": regularization - measured["iw_bound"], **measured}
        means = {metric.name: metric for metric in self.metrics}
        for name, value in all_values(values).items():
            means[name].update_state(value)
        return {name: means[name].result() for name in values}

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

    def train_on_batch(self, *arguments, **options):
        """Raises InvalidArgumentError: steps are over datasets, so that `fit` checks episodes."""
        raise _no_batches("train_on_batch", "fit")

    def test_on_batch(self, *arguments, **options):
        """Raises InvalidArgumentError as `train_on_batch` does."""
        raise _no_batches("test_on_batch", "evaluate")

    def predict_on_batch(self, *arguments, **options):
        """Raises InvalidArgumentError as `train_on_batch` does."""
        raise _no_batches("predict_on_batch", "predict")

    def _checked(self, episodes) -> tf.data.Dataset:
        count = self.distribute_strategy.num_replicas_in_sync
        if count > 1:
            raise InvalidArgumentError(
                f"{type(self.distribute_strategy).__name__} with {count} replicas: Keras would "
                "split the memory of each episode between them; expected one replica, or "
                "`tfvma.training.train(..., strategy=...)`, which gives each whole episodes."
            )
        return check_episodes(episodes, self.image_shape, self.takes_memory)

    def _check_targets(self, x) -> None:
        """Raises InvalidArgumentError where log p(x) would be broadcast to another shape."""
        shape = tf.TensorShape(x.shape)
        if not shape.is_compatible_with([None, *self.image_shape]):
            raise InvalidArgumentError(
                f"x of shape {shape}: expected {(None, *self.image_shape)}, targets [B, H, W, C]."
            )

    # Serialization.

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **{name: serialize(getattr(self, name)) for name in self.LAYERS},
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
        return cls(**{k: deserialize(v) if k in cls.LAYERS else v for k, v in config.items()})


def _no_batches(method: str, instead: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"{method}: expected `{instead}` on a tf.data.Dataset of episodes; of one episode, "
        "tf.data.Dataset.from_tensors(episode)."
    )


def build_layer(layer: keras.layers.Layer, *shapes) -> None:
    """Builds a layer unless it was built before, as reloaded ones are."""
    if not layer.built:
        layer.build(*shapes)


def check_latent_dims(**layers: keras.layers.Layer) -> None:
    """Raises InvalidArgumentError where layers, by name, are made for a z of different sizes; those
    of a user's own need not say of which."""
    found = {
        f"{name}.latent_dim": layer.latent_dim
        for name, layer in layers.items()
        if hasattr(layer, "latent_dim")
    }
    if len(set(found.values())) > 1:
        said = ", ".join(f"{name}={value}" for name, value in found.items())
        raise InvalidArgumentError(f"{said}: expected one size of z.")


def build_decoder(decoder: keras.layers.Layer, image_shape: tuple[int, int, int], *shapes) -> None:
    """`build_layer` of a decoder of images of this shape.

    Raises InvalidArgumentError where its logits have another one: log p(x) would be broadcast.
    """
    try:
        logits_shape = tuple(decoder.compute_output_shape(*shapes)[1:])
    except NotImplementedError:
        # A layer of a user's own need not know it: `log_likelihood` sees what it gives.
        logits_shape = image_shape
    if logits_shape != image_shape:
        raise InvalidArgumentError(
            f"image_shape={image_shape}: expected {logits_shape}, the shape of the logits of "
            f"{type(decoder).__name__}."
        )
    build_layer(decoder, *shapes)
