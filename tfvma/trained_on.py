"""What a step of training takes, in words."""

from __future__ import annotations

from tfvma.config import Config, EpisodeConfig
from tfvma.kinds import Kind


def trained_on(config: Config, kind: Kind) -> str:
    """What the targets of a step are, and what is in memory with them."""
    drawn = config.episodes
    if drawn.kind == "recall":
        warped = ", warped a little" if drawn.warped_targets else ""
        return (
            f"{drawn.memory_size:,} random images in memory, of which {drawn.targets} are "
            f"targets{warped}"
        )
    if drawn.kind == "images":
        return f"{drawn.targets} random images"
    if not kind.takes_memory:
        how = _changed(drawn, "drawings")
        return f"{drawn.num_classes * drawn.targets_per_class} random drawings{how}".rstrip(",")
    how = _changed(drawn, "characters")
    return (
        f"one episode of {drawn.num_classes} characters{how} with "
        f"{_counted(drawn.targets_per_class, 'target')} and "
        f"{_examples(drawn)} in memory of each"
    )


def _examples(drawn: EpisodeConfig) -> str:
    if not drawn.varied_shots:
        return _counted(drawn.shots, "other drawing")
    *first, last = (str(shots) for shots in drawn.varied_shots)
    return f"{', '.join(first)} or {last} other drawings, how many drawn anew for each step,"


def _changed(drawn: EpisodeConfig, things: str) -> str:
    """How `things` differ from those of the dataset, between commas; "" where they do not."""
    changed = []
    if drawn.turned:
        changed.append("turned by a multiple of 90 degrees each")
    if drawn.warped_copies:
        copies = drawn.warped_copies
        alike = ", all drawings of a character alike" if drawn.warped_alike else ""
        changed.append(f"{copies} in {copies + 1} {things} warped a little{alike}")
    return f", {' and '.join(changed)}," if changed else ""


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
