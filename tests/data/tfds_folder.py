"""Writes a folder as tensorflow-datasets would."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import tensorflow as tf
import tensorflow_datasets as tfds


def write_tfds(
    data_dir: Path,
    name: str,
    version: str,
    features: tfds.features.FeaturesDict,
    records: Mapping[str, Sequence[bytes]],
) -> Path:
    """Writes `data_dir`/name/version with one file of serialized examples for each split."""
    folder = data_dir / name / version
    folder.mkdir(parents=True)
    features.save_config(folder)
    for split, examples in records.items():
        with tf.io.TFRecordWriter(f"{folder}/{name}-{split}.tfrecord-00000-of-00001") as file:
            for serialized in examples:
                file.write(serialized)
    info = {
        "name": name,
        "version": version,
        "fileFormat": "tfrecord",
        "splits": [
            {
                "name": split,
                "shardLengths": [str(len(examples))],
                "filepathTemplate": "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}",
            }
            for split, examples in records.items()
        ],
    }
    (folder / "dataset_info.json").write_text(json.dumps(info))
    return folder
