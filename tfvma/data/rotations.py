"""All characters in memory, with other drawings left out in each rotation."""

from __future__ import annotations

import tensorflow as tf

from tfvma.data.characters import CharacterSet
from tfvma.errors import DataError, InvalidArgumentError
from tfvma.validation import check_at_least


def count_rotations(
    characters: CharacterSet, shots: int, targets_per_class: int | None = None
) -> int:
    """The rotations after which every drawing has been a target once.

    Args:
      characters: with S drawings of each.
      shots: drawings of each character in memory.
      targets_per_class: how many of the S - shots others are targets; None is all.

    Raises InvalidArgumentError for numbers less than 1, DataError where too few are left over.
    """
    return -(-characters.drawings_per_character // _left_out(characters, shots, targets_per_class))


def _left_out(characters: CharacterSet, shots: int, targets_per_class: int | None) -> int:
    """The drawings of each character that are targets in a rotation; the last may have fewer."""
    check_at_least("shots", shots, 1)
    drawings = characters.drawings_per_character
    if shots >= drawings:
        raise DataError(
            f"shots={shots}: {characters.name!r} ({characters.split}) has {drawings} drawings of "
            "each character, of which at least one must be left as a target."
        )
    if targets_per_class is None:
        return drawings - shots
    check_at_least("targets_per_class", targets_per_class, 1)
    if targets_per_class + shots > drawings:
        raise DataError(
            f"targets_per_class={targets_per_class} and shots={shots} make "
            f"{targets_per_class + shots} drawings of a character: {characters.name!r} "
            f"({characters.split}) has {drawings} of each."
        )
    return targets_per_class


def rotation(
    characters: CharacterSet,
    shots: int,
    seed: int,
    index: int,
    targets_per_class: int | None = None,
) -> dict[str, tf.Tensor]:
    """One episode of all characters.

    A seeded order of the drawings of each character, the same in all rotations, is gone
    through in a circle: with T = targets_per_class, rotation r leaves out as targets those
    from place r T on, T of them or, at the end, those that remain, and has the next `shots`
    in memory. So every drawing is a target in exactly one of the `count_rotations` rotations,
    in which it is not in memory. With the same T, a rotation of more shots has the same targets
    and keeps what is in memory.

    Args:
      characters: what is drawn from.
      shots: drawings of each character in memory.
      seed: of the order.
      index: of the rotation, 0 to count_rotations - 1.
      targets_per_class: T; None is S - shots, all that are not in memory.

    Returns:
      x [B, H, W, 1], memory [C * shots, H, W, 1], x_label [B] and memory_label [C * shots],
      as in `episodes`: rows are ordered by character.

    Raises as `count_rotations`, and InvalidArgumentError for another index.
    """
    last = count_rotations(characters, shots, targets_per_class) - 1
    if not 0 <= index <= last:
        raise InvalidArgumentError(f"index={index!r}: expected 0 to {last}.")
    drawings = characters.drawings_per_character
    left_out = _left_out(characters, shots, targets_per_class)
    first = index * left_out
    num_targets = min(left_out, drawings - first)
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
