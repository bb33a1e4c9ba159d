"""A learned memory that begins as images of the training set."""

from __future__ import annotations

import tensorflow as tf

from tfvma.data.choice import choose
from tfvma.data.images import ImageSet
from tfvma.errors import DataError
from tfvma.layers.memory import LearnedMemory
from tfvma.sampling import fold_in

# Other draws of the same seed are of other images: 1 is that of `ImageSource`.
_DRAW = 2


def check_images(memory_size: int, images: ImageSet) -> None:
    """Raises DataError where there are fewer images than slots."""
    if memory_size > images.num_images:
        raise DataError(
            f"model.memory_size={memory_size}: expected at most {images.num_images}, the "
            f"images of {images.name!r} ({images.split}), with training.memory_start='images'."
        )


def start_at_images(memory: LearnedMemory, images: ImageSet, seed: int) -> None:
    """Fills the M slots with M different images, every choice as probable, ink 1 and paper 0.

    From noise q(a | x) has nothing to go by, and is often at p(a) before slots differ enough
    for an address to pay. Grey images are taken grey.

    Args:
        memory: its entries have the shape of an image.
        images: at least M.
        seed: of the choice.
    """
    draw = fold_in(tf.constant([seed, 0], tf.int64), _DRAW)
    chosen = choose(images.num_images, memory.memory_size, draw)
    memory.slots.assign(images.images[chosen.numpy(), ..., tf.newaxis] / images.levels)
