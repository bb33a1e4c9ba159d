"""The figures of a run as TensorBoard scalars."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

# What `tf.summary.scalar` adds; it needs the package tensorboard to write, this does not.
_SCALAR = tf.compat.v1.SummaryMetadata(
    plugin_data=tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars"),
    data_class="DATA_CLASS_SCALAR",
)


class TensorBoardLog:
    """Writes rows as scalars `train/<metric>` and `held_out/<metric>`."""

    def __init__(self, folder: Path):
        self._writer = tf.summary.create_file_writer(str(folder))

    def __call__(self, row: dict[str, float]) -> None:
        with self._writer.as_default(step=int(row["step"])):
            for name, value in row.items():
                if name != "step":
                    tf.summary.write(_tag(name), tf.constant(value, tf.float32), metadata=_SCALAR)
        self._writer.flush()


def _tag(name: str) -> str:
    held_out = name.removeprefix("val_")
    return f"train/{name}" if held_out == name else f"held_out/{held_out}"
