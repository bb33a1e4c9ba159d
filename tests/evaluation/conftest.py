"""Drawings that say which they are, and a scorer whose every answer can be worked out."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfvma.data.characters import CharacterSet

_CLASS_BITS, _DRAWING_BITS = 5, 4
SIZE = 6
DRAWINGS = 12
# Drawings with this number are taken for another character by `FakeScorer`.
CONFUSING = 3


def numbered_characters(count: int = 24) -> CharacterSet:
    """`count` characters, 12 drawings each, whose first pixels spell (character, drawing)."""
    drawings = np.zeros((count, DRAWINGS, SIZE * SIZE), np.uint8)
    for character in range(count):
        for drawing in range(DRAWINGS):
            number = (character << _DRAWING_BITS) | drawing
            bits = [(number >> bit) & 1 for bit in range(_CLASS_BITS + _DRAWING_BITS)]
            drawings[character, drawing, : len(bits)] = bits
    return CharacterSet(
        name="omniglot26",
        split="test",
        drawings=drawings.reshape(count, DRAWINGS, SIZE, SIZE),
        characters=tuple(f"Numbered_{character:02d}" for character in range(count)),
    )


def numbers(images) -> tf.Tensor:
    """[N, H, W, 1] to int32 [N]: what the pixels spell."""
    bits = tf.cast(tf.reshape(images, [-1, SIZE * SIZE]), tf.int32)
    weights = tf.constant([1 << bit for bit in range(_CLASS_BITS + _DRAWING_BITS)])
    return tf.reduce_sum(bits[:, : _CLASS_BITS + _DRAWING_BITS] * weights, axis=1)


def character_of(images) -> tf.Tensor:
    """The character of each image, int32 [N]."""
    return numbers(images) // (1 << _DRAWING_BITS)


def drawing_of(images) -> tf.Tensor:
    """The drawing of each image, int32 [N]."""
    return numbers(images) % (1 << _DRAWING_BITS)


class FakeScorer:
    """Answers that tell what it was asked.

    score: log_likelihood is -(number of x) / 8 - K - 16 * seed[0] - seed[1]; kl_address how
    many entries show x's character; kl_latent how many entries are x itself;
    reconstruction minus the number of x.

    q(a | x) is the same for all entries of x's character, and 1000 times less elsewhere,
    unless the drawing is number 3: then it is so for the character next in memory.
    """

    has_address = takes_memory = True

    def score(self, x, memory, num_samples, seed):
        own, entries = numbers(x), numbers(memory)
        code = tf.cast(own, tf.float32)
        offset = tf.cast(num_samples + 16 * seed[0] + seed[1], tf.float32)
        same = tf.equal(character_of(x)[:, tf.newaxis], character_of(memory))
        itself = tf.equal(own[:, tf.newaxis], entries)
        return {
            "log_likelihood": -code / 8.0 - offset,
            "kl_address": tf.reduce_sum(tf.cast(same, tf.float32), axis=1),
            "kl_latent": tf.reduce_sum(tf.cast(itself, tf.float32), axis=1),
            "reconstruction": -code,
        }

    def address(self, x, memory):
        same = tf.cast(tf.equal(character_of(x)[:, tf.newaxis], character_of(memory)), tf.float32)
        shots = tf.cast(tf.reduce_sum(same[0]), tf.int32)
        confused = tf.equal(drawing_of(x), CONFUSING)[:, tf.newaxis]
        likely = tf.where(confused, tf.roll(same, shots, axis=1), same)
        logits = tf.math.log(tf.maximum(likely, 1e-3))
        size = tf.cast(tf.shape(memory)[0], tf.float32)
        return {
            "log_posterior": tf.nn.log_softmax(logits),
            "log_prior": -tf.math.log(size) * tf.ones_like(logits[0]),
        }

    def classify(self, x, memory, memory_label, ways):
        log_posterior = self.address(x, memory)["log_posterior"]
        return {"probabilities": tf.exp(log_posterior) @ tf.one_hot(memory_label, ways)}

    def latent_prior(self, entry):
        loc = tf.zeros([tf.shape(entry)[0], 2])
        return {"loc": loc, "scale": tf.ones_like(loc)}

    def latent_posterior(self, x, entry):
        return self.latent_prior(entry)

    def decode(self, z, entry):
        return {"logits": 8.0 * entry - 4.0 + tf.reduce_sum(z, axis=1)[:, None, None, None]}

    def generate(self, memory, num_samples, seed):
        address = tf.zeros([num_samples], tf.int32)
        return {"images": tf.gather(memory, address), "address": address}

    def reconstruct(self, x, memory, num_samples, seed):
        address = tf.argmax(self.address(x, memory)["log_posterior"], 1, output_type=tf.int32)
        address = tf.repeat(address[tf.newaxis], num_samples, axis=0)
        return {"images": tf.gather(memory, address), "address": address}


@pytest.fixture
def scorer() -> FakeScorer:
    return FakeScorer()


@pytest.fixture
def characters() -> CharacterSet:
    """24 numbered characters."""
    return numbered_characters()


@pytest.fixture
def number():
    """Tells the number of each image, [N, H, W, 1] to float64 [N]."""
    return lambda images: numbers(images).numpy().astype(np.float64)
