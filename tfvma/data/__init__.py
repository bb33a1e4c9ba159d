"""Characters and the episodes drawn from them."""

from tfvma.data.characters import CharacterSet, load_characters
from tfvma.data.check import check_episodes
from tfvma.data.episodes import episodes

__all__ = ["CharacterSet", "check_episodes", "episodes", "load_characters"]
