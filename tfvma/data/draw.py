"""Episodes of whichever kind a configuration asks for."""

from __future__ import annotations

import tensorflow as tf

from tfvma.config import EpisodeConfig
from tfvma.data.characters import CharacterSet
from tfvma.data.episodes import episodes
from tfvma.data.image_batches import image_batches
from tfvma.data.images import ImageSet
from tfvma.data.indices import Share
from tfvma.data.recall import recall_episodes

# What episodes are drawn from: images where they are of kind "recall" or "images".
Source = CharacterSet | ImageSet


def draw_episodes(
    drawn: EpisodeConfig,
    source: Source,
    *,
    seed: int,
    start: int = 0,
    num_episodes: int | None = None,
    share: Share | None = None,
) -> tf.data.Dataset:
    """`episodes`, `recall_episodes` or `image_batches`, with the settings of `drawn`: see there."""
    sequence = {"seed": seed, "start": start, "num_episodes": num_episodes, "share": share}
    if drawn.kind == "recall":
        return recall_episodes(
            source,
            targets=drawn.targets,
            memory_size=drawn.memory_size,
            warped=drawn.warped_targets,
            **sequence,
        )
    if drawn.kind == "images":
        return image_batches(source, targets=drawn.targets, **sequence)
    return episodes(
        source,
        num_classes=drawn.num_classes,
        targets_per_class=drawn.targets_per_class,
        shots=drawn.shots,
        **sequence,
    )


def num_targets(drawn: EpisodeConfig) -> int:
    """B, the targets of one episode."""
    few_shot = drawn.kind == "few_shot"
    return drawn.num_classes * drawn.targets_per_class if few_shot else drawn.targets
