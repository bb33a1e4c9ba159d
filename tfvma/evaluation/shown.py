"""The drawings or images that figures show, of whichever data a model is scored on."""

from __future__ import annotations

import tensorflow as tf

from tfvma.data.characters import CharacterSet
from tfvma.data.draw import Source
from tfvma.data.episodes import episodes
from tfvma.data.recall import recall_episodes

_CLASSES, _SHOTS, _IMAGES = 8, 4, 32


def shown_entries(source: Source, count: int, seed: int) -> tuple[tf.Tensor, str]:
    """Entries [N, H, W, 1], one drawing each of `count` characters, or `count` images, or as many
    as there are; and what one of them is, in words."""
    if isinstance(source, CharacterSet):
        dataset = one_target_each(
            source, min(count, source.num_characters), shots=1, seed=seed, num_episodes=1
        )
        what = f"one drawing of a character of {source.name}/{source.split}"
    else:
        count = min(count, source.num_images)
        dataset = recall_episodes(
            source, targets=count, memory_size=count, seed=seed, num_episodes=1
        )
        what = f"one image of the {'training' if source.split == 'train' else 'held-out'} set"
    return next(iter(dataset))["memory"], what


def shown_episode(source: Source, seed: int) -> tuple[dict[str, tf.Tensor], str]:
    """Eight targets with labels, and a memory with examples of all of them, or with the targets
    themselves; and what is in that memory, in words."""
    if isinstance(source, CharacterSet):
        classes = min(_CLASSES, source.num_characters)
        shots = min(_SHOTS, source.drawings_per_character - 1)
        dataset = one_target_each(source, classes, shots, seed, num_episodes=1)
        what = f"{classes * shots} entries of {classes} characters"
    else:
        size = min(_IMAGES, source.num_images)
        dataset = recall_episodes(
            source, targets=min(_CLASSES, size), memory_size=size, seed=seed, num_episodes=1
        )
        what = f"{size} images, of which the target is one"
    return next(iter(dataset)), what


def one_target_each(
    characters: CharacterSet, num_classes: int, shots: int, seed: int, num_episodes: int
) -> tf.data.Dataset:
    """Episodes with one target of each character."""
    return episodes(
        characters,
        num_classes=num_classes,
        targets_per_class=1,
        shots=shots,
        seed=seed,
        num_episodes=num_episodes,
    )
