"""A model as far as training knows one, traced in a moment."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvma.config import Config

METRICS = ("loss", "iw_bound", "reconstruction", "kl_a", "kl_z", "address_accuracy")


class StandIn(keras.Model):
    """Follows the mean of its targets, with noise of its seed generator."""

    takes_memory = True
    estimator_state = ()

    def __init__(self, config: Config):
        super().__init__(name="stand_in")
        self.num_samples = config.training.num_samples
        self.seed_generator = keras.random.SeedGenerator(config.training.seed)
        self.level = self.add_weight(
            shape=[config.model.latent_dim], initializer="normal", name="level"
        )
        self.means = {name: keras.metrics.Mean(name=name) for name in METRICS}
        self.built = True

    @property
    def metrics(self):
        return list(self.means.values())

    def compile(
        self,
        optimizer,
        estimator,
        latent_gradient,
        backward,
        slices,
        latent_warmup,
        steps_per_execution,
    ):
        super().compile(
            optimizer=optimizer, jit_compile=False, steps_per_execution=steps_per_execution
        )

    def train_step(self, episodes):
        (episode,) = episodes
        seed = tf.cast(self.seed_generator.next(), tf.int32)
        noise = tf.random.stateless_normal(self.level.shape, seed, alg="philox")
        with tf.GradientTape() as tape:
            distance = self.level - noise - tf.reduce_mean(episode["x"])
            loss = tf.reduce_mean(tf.square(distance))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        for mean in self.means.values():
            mean.update_state(loss)
        return {name: mean.result() for name, mean in self.means.items()}

    def score(self, x, memory, num_samples, seed):
        noise = tf.random.stateless_normal([tf.shape(x)[0]], seed, alg="philox")
        bound = -tf.square(tf.reduce_mean(self.level) - noise)
        return dict.fromkeys(("log_likelihood", "reconstruction", "kl_address", "kl_latent"), bound)

    def address(self, x, memory):
        count = tf.shape(memory)[0]
        return {"log_posterior": tf.zeros([tf.shape(x)[0], count])}

    def generate(self, memory, num_samples, seed):
        return {"images": tf.repeat(memory, num_samples, axis=0)}
