"""MNIST with every pixel drawn once as ink or paper.

H. Larochelle's files of the binarization of R. Salakhutdinov and I. Murray (2008), "On the
quantitative analysis of deep belief networks", read from tensorflow-datasets
`binarized_mnist` 1.0.0; also used by Bornschein et al. (2017), "Variational Memory
Addressing in Generative Models", section 4.1.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from tfvma.data.cache import cached_arrays
from tfvma.data.images import ImageSet
from tfvma.data.tfds_source import TfdsSource
from tfvma.errors import DataError

NUM_IMAGES = {"train": 50_000, "validation": 10_000, "test": 10_000}
SIZE = 28
SOURCE = TfdsSource(
    title="binarized MNIST",
    name="binarized_mnist",
    version="1.0.0",
    files=(
        "dataset_info.json",
        "features.json",
        *(f"binarized_mnist-{split}.tfrecord*" for split in NUM_IMAGES),
    ),
    home_page="http://www.cs.toronto.edu/~larocheh/",
)


def load(split: str, data_dir: str | os.PathLike | None = None) -> ImageSet:
    """Loads "train" (50,000 images), "validation" or "test" (10,000 each), in order of records.

    `data_dir` as in `load_images`. Raises DataError, which says what was looked for, where,
    and what to do, if the records are missing, damaged, or not all there.
    """
    folder = SOURCE.find(data_dir)
    key = f"{SOURCE.name}-{SOURCE.version}-{SOURCE.fingerprint(folder)}"
    arrays = cached_arrays(key, lambda: _read(folder))
    return ImageSet(SOURCE.name, split, arrays[split])


def _read(folder: Path) -> dict[str, np.ndarray]:
    """Returns uint8 [N, 28, 28] of each split."""
    import tensorflow_datasets as tfds

    with SOURCE.reading(folder):
        builder = tfds.builder_from_directory(folder)
        arrays = {split: _read_split(builder, split) for split in NUM_IMAGES}
    counts = {split: len(images) for split, images in arrays.items()}
    most = max(int(images.max(initial=0)) for images in arrays.values())
    if counts != NUM_IMAGES or most != 1:
        raise DataError(
            f"{SOURCE.title} in {str(folder)!r} holds {_describe(counts)} with values up to "
            f"{most}: expected {_describe(NUM_IMAGES)} with values 0 and 1. Replace the folder. "
            f"{SOURCE.hint}"
        )
    return arrays


def _read_split(builder, split: str) -> np.ndarray:
    """All images in order of records."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    records = builder.as_dataset(
        split=split,
        decoders={"image": tfds.decode.SkipDecoding()},
        read_config=tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False),
        shuffle_files=False,
    )

    def decode(record):
        image = tf.io.decode_png(record["image"], channels=1)[..., 0]
        return tf.ensure_shape(image, [SIZE, SIZE])

    batches = records.map(decode, num_parallel_calls=tf.data.AUTOTUNE).batch(1_000)
    return np.concatenate(list(batches.prefetch(2).as_numpy_iterator()))


def _describe(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {split}" for split, count in counts.items()) + " images"
