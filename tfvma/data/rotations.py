"""All characters in memory, with other drawings left out in each rotation."""

from __future__ import annotations

import tensorflow as tf

from tfvma.data.characters import CharacterSet
from tfvma.errors import DataError, InvalidArgumentError
from tfvma.validation import check_at_least


def count_rotations(characters: CharacterSet, shots: int) -> int:
    """The rotations after which every drawing has been a target once.

    Args:
      characters: with S drawings of each.
      shots: drawings of each character in memory; the S - shots others are targets.

    Raises InvalidArgumentError for shots less than 1, DataError where none is left over.
    """
    check_at_least("shots", shots, 1)
    drawings = characters.drawings_per_character
    if shots >= drawings:
        raise DataError(
            f"shots={shots}: {characters.name!r} ({characters.split}) has {drawings} drawings of "
            "each character, of which at least one must be left as a target."
        )
    return -(-drawings // (drawings - shots))


def rotation(characters: CharacterSet, shots: int, seed: int, index: int) -> dict[str, tf.Tensor]:
    """One episode of all characters.

    A seeded order of the drawings of each character, the same in all rotations, is gone
    through in a circle: rotation r leaves out as targets those from place r (S - shots) on,
    S - shots of them or, at the end, those that remain, and has the next `shots` in memory.
    So every drawing is a target in exactly one of the `count_rotations` rotations, in which
    it is not in memory.

    Args:
      characters: what is drawn from.
      shots: drawings of each character in memory.
      seed: of the order.
      index: of the rotation, 0 to count_rotations - 1.

    Returns:
      x [B, H, W, 1], memory [C * shots, H, W, 1], x_label [B] and memory_label [C * shots],
      as in `episodes`: rows are ordered by character.

    Raises as `count_rotations`, and InvalidArgumentError for another index.
    """
    last = count_rotations(characters, shots) - 1
    if not 0 <= index <= last:
        raise InvalidArgumentError(f"index={index!r}: expected 0 to {last}.")
    drawings = characters.drawings_per_character
    first = index * (drawings - shots)
    num_targets = min(drawings - shots, drawings - first)
    bits = tf.random.stateless_uniform(
        characters.drawings.shape[:2],
        [seed, 0],
        minval=None,
        maxval=None,
        dtype=tf.int32,
        alg="philox",
    )
    order = tf.roll(tf.argsort(bits, axis=1, stable=True), -first, axis=1)
    images = tf.constant(characters.drawings[..., tf.newaxis])

    def gather(chosen: tf.Tensor) -> tf.Tensor:
        drawn = tf.gather(images, chosen, axis=1, batch_dims=1)
        return tf.cast(tf.reshape(drawn, [-1, *characters.image_shape]), tf.float32)

    def labels(per_character: int) -> tf.Tensor:
        return tf.repeat(tf.range(characters.num_characters), per_character)

    return {
        "x": gather(order[:, :num_targets]),
        "memory": gather(order[:, num_targets : num_targets + shots]),
        "x_label": labels(num_targets),
        "memory_label": labels(shots),
    }
