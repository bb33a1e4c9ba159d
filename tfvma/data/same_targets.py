"""The same targets among few and among many other characters, with few and many examples."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from tfvma.data.characters import CharacterSet
from tfvma.data.rotations import count_rotations, rotation
from tfvma.errors import DataError
from tfvma.validation import check_at_least


def same_targets(
    characters: CharacterSet,
    *,
    num_classes: int,
    targets_per_class: int,
    shots: int,
    num_turns: int,
    seed: int,
) -> Iterator[dict[str, tf.Tensor]]:
    """Episodes whose targets depend neither on `num_classes` nor on `shots`.

    All characters take turns, in a seeded order, each with T = targets_per_class targets; in
    the next round in another order and with other targets, so that no drawing is one twice. An
    episode is of the next `num_classes` in this order, the first again after the last: the last
    episode of a round, and that of the last turn, have targets of some of their characters
    alone. With more `shots` a character keeps what it has in memory.

    Args:
      characters: what is drawn from.
      num_classes: characters in memory, C.
      targets_per_class: T.
      shots: drawings of each character in memory, S.
      num_turns: of characters, over all episodes, so that there are T times as many targets.
      seed: of the orders of characters and drawings.

    Yields:
      x [B, H, W, 1] and x_label [B], memory [C S, H, W, 1] and memory_label [C S] as in
      `episodes`, and "character" [B], which of all characters each target is of.

    Raises as `check_same_targets`.
    """
    check_same_targets(characters, num_classes, targets_per_class, shots, num_turns)
    size = characters.num_characters
    for index, begun in enumerate(range(0, num_turns, size)):
        whole = rotation(characters, shots, seed, index, targets_per_class)
        x = tf.reshape(whole["x"], [size, targets_per_class, *characters.image_shape])
        memory = tf.reshape(whole["memory"], [size, shots, *characters.image_shape])
        order = _order(size, seed, index)
        here = min(size, num_turns - begun)
        for start in range(0, here, num_classes):
            present = order[np.arange(start, start + num_classes) % size]
            shown = present[: here - start]
            yield {
                "x": _joined(tf.gather(x, shown)),
                "memory": _joined(tf.gather(memory, present)),
                "x_label": tf.repeat(tf.range(len(shown)), targets_per_class),
                "memory_label": tf.repeat(tf.range(num_classes), shots),
                "character": tf.repeat(tf.constant(shown, tf.int32), targets_per_class),
            }


def check_same_targets(
    characters: CharacterSet,
    num_classes: int,
    targets_per_class: int,
    shots: int,
    num_turns: int,
) -> None:
    """Raises InvalidArgumentError for numbers less than 1, DataError where more characters,
    drawings or targets are asked for than there are."""
    check_at_least("num_classes", num_classes, 1)
    check_at_least("num_turns", num_turns, 1)
    count_rotations(characters, shots, targets_per_class)
    source = f"{characters.name!r} ({characters.split})"
    size = characters.num_characters
    if num_classes > size:
        raise DataError(f"num_classes={num_classes}: {source} has {size} characters.")
    most = size * (characters.drawings_per_character // targets_per_class)
    if num_turns > most:
        raise DataError(
            f"{num_turns * targets_per_class:,} targets: {source} has "
            f"{most * targets_per_class:,} drawings that can be targets once each, "
            f"{targets_per_class} of a character at a time."
        )


def _order(size: int, seed: int, index: int) -> np.ndarray:
    """Of the characters in round `index`; the seed [seed, 0] is that of their drawings."""
    bits = tf.random.stateless_uniform(
        [size], [seed, index + 1], minval=None, maxval=None, dtype=tf.int32, alg="philox"
    )
    return tf.argsort(bits, stable=True).numpy()


def _joined(drawings: tf.Tensor) -> tf.Tensor:
    """[C, D, H, W, 1] to [C D, H, W, 1]."""
    return tf.reshape(drawings, [-1, *drawings.shape[2:]])
