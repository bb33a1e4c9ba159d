"""Samples of the model as pictures while it trains."""

from __future__ import annotations

from pathlib import Path

import keras
import matplotlib.image
import numpy as np
import tensorflow as tf

from tfvma.training.atomic import replacing
from tfvma.training.every import Every
from tfvma.training.optimizer import averaged_weights

_SAMPLES = 10
_SEED = 0
_MAGNIFICATION = 3
_GAP = 2


class SavePictures(Every):
    """Saves step-<n>.png: a row per entry, itself on the left, then one-shot samples.

    The samples are pixel probabilities given a memory of this entry alone, drawn
    with the averaged weights and the same noise each time. A model that takes no memory
    has rows of samples alone.

    Args:
        folder: made when needed.
        entries: [N, H, W, 1].
    """

    def __init__(self, interval: int, last: int, folder: Path, entries: np.ndarray):
        super().__init__(interval, last)
        self._folder = folder
        self._entries = entries
        self._generate = None

    def set_model(self, model: keras.Model) -> None:
        super().set_model(model)
        self._generate = tf.function(
            lambda memory, seed: model.generate(memory, _SAMPLES, seed)["images"]
        )

    def at(self, step, logs):
        takes_memory = self.model.takes_memory
        with averaged_weights(self.model):
            samples = [
                self._generate(
                    tf.constant(entry[np.newaxis]) if takes_memory else None,
                    tf.constant([_SEED, row]),
                ).numpy()
                for row, entry in enumerate(self._entries)
            ]
        images = np.stack(samples)
        if takes_memory:
            images = np.concatenate([self._entries[:, np.newaxis], images], axis=1)
        self._folder.mkdir(parents=True, exist_ok=True)
        with replacing(self._folder / f"step-{step:07d}.png") as beside:
            matplotlib.image.imsave(
                beside, grid(images), cmap="gray_r", vmin=0, vmax=1, format="png"
            )


def grid(images: np.ndarray) -> np.ndarray:
    """[rows, columns, H, W, 1] to one picture [h, w], magnified, with gaps between."""
    rows, columns, height, width = images.shape[:4]
    padded = np.pad(
        images[..., 0].astype(np.float32),
        ((0, 0), (0, 0), (0, _GAP), (0, _GAP)),
        constant_values=0.3,
    )
    tiled = padded.transpose(0, 2, 1, 3).reshape(rows * (height + _GAP), columns * (width + _GAP))
    return np.kron(tiled[:-_GAP, :-_GAP], np.ones((_MAGNIFICATION, _MAGNIFICATION)))
