"""The few-shot network as one would first write it: what it needs, it computes per sample.

Same distributions, bound, estimator and sampler as the package, and the same function of
the same number of weights (tests/benchmarks/test_straightforward.py); other arithmetic.
"""

from __future__ import annotations

import math

import keras
import tensorflow as tf
from keras import layers

from tfvma import bounds
from tfvma.config import ModelConfig
from tfvma.distributions import address_distribution, latent_distribution, likelihood
from tfvma.estimators import LogDensities, Vimco
from tfvma.layers.conv_pyramid import pyramid_sizes, pyramid_strides
from tfvma.sampling import sample_address, sample_normal

# softplus(_UNIT_OFFSET) = 1
_UNIT_OFFSET = math.log(math.e - 1.0)


def convolutions(config: ModelConfig) -> list[layers.Layer]:
    """A new downscaling pyramid."""
    strides = pyramid_strides(len(config.filters), config.stride_first)
    return [
        layers.Conv2D(width, 3, stride, "same", activation="relu")
        for width, stride in zip(config.filters, strides, strict=True)
    ]


def perceptron(config: ModelConfig, units: int) -> list[layers.Layer]:
    """Features to a vector by way of one hidden layer."""
    return [layers.Flatten(), layers.Dense(config.hidden_units, "relu"), layers.Dense(units)]


def sequential(shape: tuple[int, ...], stack: list[layers.Layer]) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *stack])


def entry_network(config: ModelConfig) -> keras.Model:
    """m to [m, layer 1, ..., layer L] of its pyramid."""
    features = [keras.Input((config.image_size, config.image_size, 1))]
    for convolution in convolutions(config):
        features.append(convolution(features[-1]))
    return keras.Model(features[0], features)


def decoder_network(config: ModelConfig, features_shapes: list[tuple[int, ...]]) -> keras.Model:
    """z and the pyramid of m to logits; every layer reads [h, skip]."""
    strides = pyramid_strides(len(config.filters), config.stride_first)
    sizes = pyramid_sizes(config.image_size, strides)
    widths = (1, *config.filters[:-1])

    z = keras.Input((config.latent_dim,))
    features = [keras.Input(shape) for shape in features_shapes]
    summary = features[-1]
    for layer in perceptron(config, config.latent_dim):
        summary = layer(summary)
    hidden = layers.Concatenate()([z, summary])
    hidden = layers.Dense(sizes[-1] ** 2 * config.filters[-1], "relu")(hidden)
    hidden = layers.Reshape(features_shapes[-1])(hidden)
    for i in reversed(range(len(widths))):
        hidden = layers.Concatenate()([hidden, features[i + 1]])
        hidden = layers.Conv2DTranspose(
            widths[i],
            3,
            strides[i],
            "same",
            # What tells 7 from 8 where both become 4.
            output_padding=1 - sizes[i] % 2 if strides[i] == 2 else None,
            activation="relu" if i else None,
        )(hidden)
    image = layers.Conv2DTranspose(1, 3, padding="same", use_bias=False)(features[0])
    return keras.Model([z, features], hidden + image)


class Straightforward(keras.Model):
    """VMA without sharing, for episodes as `VariationalMemoryAddressing` takes them.

    Args:
        config: the network; the similarity must be "normalized", the prior "learned",
            h and h_q untied.
        num_samples: K.
        seed: of the samples that training draws.
    """

    def __init__(self, config: ModelConfig, num_samples: int, seed: int = 0):
        super().__init__()
        image = (config.image_size, config.image_size, 1)
        pair = (config.image_size, config.image_size, 2)
        embedding = [convolutions(config) + perceptron(config, config.key_dim) for _ in range(2)]
        self.key_embedding = sequential(image, embedding[0])
        self.query_embedding = sequential(image, embedding[1])
        self.prior_query = self.add_weight(shape=(config.key_dim,), initializer="zeros")
        self.entry_encoder = entry_network(config)
        shapes = [tuple(feature.shape[1:]) for feature in self.entry_encoder.outputs]
        self.prior_head = sequential(shapes[-1], perceptron(config, 2 * config.latent_dim))
        self.posterior = sequential(
            pair, convolutions(config) + perceptron(config, 2 * config.latent_dim)
        )
        self.decoder = decoder_network(config, shapes)
        self.num_samples = num_samples
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.estimator = Vimco()
        self.means = {name: keras.metrics.Mean(name=name) for name in ("loss", "iw_bound")}
        self.built = True

    @property
    def metrics(self):
        return list(self.means.values())

    def log_densities(self, x: tf.Tensor, memory: tf.Tensor, seeds) -> LogDensities:
        """K samples for every target, from two int32 [2] seeds, of a and of z."""
        keys = tf.math.l2_normalize(self.key_embedding(memory), axis=1)
        queries = self.query_embedding(x)
        log_posterior = tf.nn.log_softmax(tf.matmul(queries, keys, transpose_b=True))
        log_prior = tf.nn.log_softmax(tf.linalg.matvec(keys, self.prior_query))
        address = sample_address(tf.stop_gradient(log_posterior), self.num_samples, seeds[0])
        one_hot = tf.one_hot(address, tf.shape(memory)[0])

        entry = tf.gather(memory, tf.reshape(address, [-1]))
        targets = tf.tile(x, [self.num_samples, 1, 1, 1])
        features = self.entry_encoder(entry)
        p_latent = self.latent(self.prior_head(features[-1]))
        q_latent = self.latent(self.posterior(tf.concat([targets, entry], axis=-1)))
        z = sample_normal(q_latent.distribution.loc, q_latent.distribution.scale, seeds[1])
        logits = self.decoder([tf.reshape(z, [-1, z.shape[-1]]), features])

        return LogDensities(
            log_pa=address_distribution(log_prior).log_prob(one_hot),
            log_pz=p_latent.log_prob(z),
            log_px=likelihood(self.by_sample(logits)).log_prob(x),
            log_qa=address_distribution(log_posterior).log_prob(one_hot),
            log_qz=q_latent.log_prob(z),
        )

    def latent(self, parameters: tf.Tensor):
        """The diagonal normal over z, [K, B], that a network's output [K * B, 2 D] stands for."""
        loc, raw_scale = tf.split(self.by_sample(parameters), 2, axis=-1)
        return latent_distribution(loc, tf.nn.softplus(raw_scale + _UNIT_OFFSET) + 1e-3)

    def by_sample(self, values: tf.Tensor) -> tf.Tensor:
        """[K * B, ...] to [K, B, ...]."""
        return tf.reshape(values, [self.num_samples, -1, *values.shape[1:]])

    def train_step(self, episode):
        seeds = [tf.cast(self.seed_generator.next(), tf.int32) for _ in range(2)]
        with tf.GradientTape() as tape:
            densities = self.log_densities(episode["x"], episode["memory"], seeds)
            loss = -tf.reduce_mean(self.estimator.surrogate(densities))
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply(gradients, self.trainable_weights)
        bound = bounds.iw_bound(bounds.log_weights(*densities))
        self.means["loss"].update_state(-bound)
        self.means["iw_bound"].update_state(bound)
        return {name: mean.result() for name, mean in self.means.items()}
