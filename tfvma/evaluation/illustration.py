"""A figure and the words around it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Illustration:
    """A figure as a PNG file, and the words around it.

    Attributes:
      name: file name without suffix.
      title: heading.
      caption: what is seen, in plain sentences.
      image: the PNG.
    """

    name: str
    title: str
    caption: str
    image: bytes
