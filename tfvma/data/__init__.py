"""Characters, images, and the episodes drawn from them."""

from tfvma.data.characters import CharacterSet, load_characters
from tfvma.data.check import check_episodes
from tfvma.data.episodes import episodes
from tfvma.data.image_batches import image_batches
from tfvma.data.images import ImageSet, load_images
from tfvma.data.recall import recall_episodes

__all__ = [
    "CharacterSet",
    "ImageSet",
    "check_episodes",
    "episodes",
    "image_batches",
    "load_characters",
    "load_images",
    "recall_episodes",
]
