"""Episodes drawn inside tf.data: targets, and a memory of other drawings of their characters."""

from __future__ import annotations

import tensorflow as tf

from tfvma.data.characters import CharacterSet
from tfvma.data.choice import largest
from tfvma.data.indices import Share, episode_indices
from tfvma.errors import DataError
from tfvma.validation import check_at_least


def episodes(
    characters: CharacterSet,
    *,
    num_classes: int,
    targets_per_class: int,
    shots: int,
    seed: int,
    start: int = 0,
    num_episodes: int | None = None,
    share: Share | None = None,
) -> tf.data.Dataset:
    """Draws episodes: characters uniformly over all alphabets, then drawings of each.

    Episode i depends on the arguments and on (seed, i) alone, so that `start=step` goes on
    exactly where an interrupted run stopped. With B = num_classes * targets_per_class and
    M = num_classes * shots, an element is
      "x": float32 [B, H, W, 1], "x_label": int32 [B],
      "memory": float32 [M, H, W, 1], "memory_label": int32 [M],
    with values 0 (paper) or 1 (ink), labels 0..num_classes-1 and rows ordered by label. No
    drawing is in both x and memory, or twice in either. With the same seed, an episode of
    more shots or classes keeps the targets of the smaller one.

    Args:
      characters: what is drawn from; its drawings are held once in memory, as uint8.
      num_classes: different characters per episode, C.
      targets_per_class: drawings of each character in x.
      shots: drawings of each character in memory.
      seed: of the whole sequence.
      start: the index of the first episode.
      num_episodes: how many, or None for no end.
      share: the part of these that is drawn here; None draws all.

    Raises InvalidArgumentError for a number that is not whole or too small, DataError where
    more characters or drawings are asked for than there are.
    """
    for name, value, minimum in (
        ("num_classes", num_classes, 1),
        ("targets_per_class", targets_per_class, 1),
        ("shots", shots, 1),
        ("seed", seed, 0),
    ):
        check_at_least(name, value, minimum)
    _check_enough(characters, num_classes, targets_per_class, shots)

    # tf.data runs on the CPU: left to itself, TF would put the images on a GPU.
    with tf.device("CPU:0"):
        images = tf.constant(characters.drawings.reshape(-1, *characters.image_shape))
    size, drawings = characters.num_characters, characters.drawings_per_character

    def draw(index: tf.Tensor) -> dict[str, tf.Tensor]:
        bits = tf.random.stateless_uniform(
            [size + num_classes * drawings],
            tf.stack([tf.constant(seed, tf.int64), index]),
            minval=None,
            maxval=None,
            dtype=tf.int32,
            alg="philox",
        )
        classes = largest(bits[:size], num_classes)
        chosen = largest(
            tf.reshape(bits[size:], [num_classes, drawings]), targets_per_class + shots
        )
        rows = classes[:, tf.newaxis] * drawings + chosen
        return {
            "x": _gather(images, rows[:, :targets_per_class]),
            "memory": _gather(images, rows[:, targets_per_class:]),
            "x_label": _labels(num_classes, targets_per_class),
            "memory_label": _labels(num_classes, shots),
        }

    return episode_indices(start, num_episodes, share).map(draw).prefetch(4)


def _gather(images: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.gather(images, tf.reshape(rows, [-1])), tf.float32)


def _labels(num_classes: int, per_class: int) -> tf.Tensor:
    return tf.repeat(tf.range(num_classes, dtype=tf.int32), per_class)


def _check_enough(characters: CharacterSet, classes: int, targets: int, shots: int) -> None:
    source = f"{characters.name!r} ({characters.split})"
    if classes > characters.num_characters:
        raise DataError(
            f"num_classes={classes}: {source} has {characters.num_characters} characters."
        )
    if targets + shots > characters.drawings_per_character:
        raise DataError(
            f"targets_per_class={targets} and shots={shots} make {targets + shots} drawings of a "
            f"character: {source} has {characters.drawings_per_character} of each."
        )
