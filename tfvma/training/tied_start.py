"""A tied model that starts from one with two embeddings: queries of the length that they had."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from tfvma.data.draw import Source
from tfvma.data.images import ImageSet
from tfvma.errors import CheckpointError
from tfvma.layers.addressing import Addressing
from tfvma.restore_weights import saved_weights

_QUERIES = "/addressing/query_embedding/"
_IMAGES = 512


def match_queries(addressing: Addressing, saved_model: str | os.PathLike, source: Source) -> None:
    """Makes the queries of a tied `addressing` as long, on average, as those of h_q were.

    Where keys are divided by their norm nothing keeps h from growing; as queries, keys a thousand
    times as long would have q(a | x) fall onto one slot. Changes nothing with another similarity,
    nor where the SavedModel has no h_q.

    Args:
        addressing: has the h of the SavedModel.
        saved_model: where h_q lies.
        source: of images to measure the lengths on.

    Raises CheckpointError where keys or queries of all images are zero, or not finite.
    """
    if addressing.similarity != "normalized":
        return
    saved = {
        path.partition(_QUERIES)[2]: weight
        for path, weight in saved_weights(saved_model).items()
        if _QUERIES in path
    }
    if not saved:
        return
    images, h = _some_images(source), addressing.key_embedding
    wanted, found = (
        float(tf.reduce_mean(tf.norm(embed(images), axis=-1)))
        for embed in (_embedding_with(saved, h, images.shape), h)
    )
    if not (0.0 < wanted < math.inf and 0.0 < found < math.inf):
        raise CheckpointError(
            f"queries of mean length {wanted} and keys of {found}: expected both more than 0 and "
            "finite, so that one key can serve for both."
        )
    scale_embedding(h, wanted / found)


def scale_embedding(embedding: keras.layers.Layer, factor: float) -> None:
    """Multiplies what a ConvEmbedding or MLPEmbedding gives by `factor`, all layers alike.

    With ReLU between n layers that is c = factor^(1/n) times every kernel, and c^l times the
    bias of layer l.
    """
    weights = embedding.trainable_weights
    kernels, biases = weights[::2], weights[1::2]
    share = factor ** (1.0 / len(kernels))
    for layer, (kernel, bias) in enumerate(zip(kernels, biases, strict=True), start=1):
        kernel.assign(share * kernel)
        bias.assign(share**layer * bias)


def _embedding_with(
    saved: Mapping[str, tf.Tensor], like: keras.layers.Layer, images_shape: tf.TensorShape
) -> keras.layers.Layer:
    """A layer like this one, but as wide as the weights are, by their paths below it."""
    values = [saved[own.path.partition(f"/{like.name}/")[2]] for own in like.weights]
    *widths, hidden, _ = (bias.shape[-1] for bias in values[1::2])
    config = like.get_config()
    if "filters" in config:
        config |= {"filters": widths, "hidden_units": hidden}
    else:
        config |= {"units": [*widths, hidden]}
    embedding = type(like).from_config(config)
    embedding.build(images_shape)
    for weight, value in zip(embedding.weights, values, strict=True):
        weight.assign(value)
    return embedding


def _some_images(source: Source) -> tf.Tensor:
    """Images [N, H, W, 1] from all over the source, ink 1 and paper 0."""
    if isinstance(source, ImageSet):
        images, levels = source.images, source.levels
    else:
        images, levels = source.drawings.reshape(-1, *source.image_shape[:2]), 1
    spread = np.linspace(0, len(images) - 1, min(_IMAGES, len(images))).astype(int)
    return tf.constant(images[spread, ..., np.newaxis] / levels, tf.float32)
