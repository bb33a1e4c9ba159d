"""The datasets that configurations and commands can name, with their splits."""

from __future__ import annotations

# Of characters, each drawn by several people.
_CHARACTERS = ("omniglot26", "omniglot26_tuning", "gmn", "strokes")
CHARACTERS = dict.fromkeys(_CHARACTERS, ("train", "test"))
# Of images without labels.
IMAGES = {
    "binarized_mnist": ("train", "validation", "test"),
    "omniglot28": ("train", "test"),
    "omniglot28_static": ("train", "test"),
}
