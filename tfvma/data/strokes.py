"""Procedural handwriting: characters like Omniglot's where nothing can be downloaded.

As in Lake, Salakhutdinov & Tenenbaum (2015), Science 350(6266), a character is a plan (a few
strokes of a repertoire and how each is attached to an earlier one) and a drawing is one
noisy execution of it by one drawer. All numbers here were set by eye and by comparison with
`omniglot26`.

A seed gives the same images everywhere: random numbers are rounded to a grid before use, so
that sums and matrix products are exact in any order, and ink is decided on integers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfvma.data.cache import cached_arrays
from tfvma.data.characters import CharacterSet
from tfvma.errors import InvalidArgumentError
from tfvma.validation import check_at_least, check_choice

ALPHABETS = {"train": range(0, 45), "test": range(45, 50)}
CHARACTERS_PER_ALPHABET = 30
DRAWINGS_PER_CHARACTER = 20
IMAGE_SIZE = 26
MAX_STROKES = 5
# Part of the cache key: to be raised with every change of the images.
VERSION = 2

_SEGMENTS = 8
_VERTICES = _SEGMENTS + 1
_MIDDLE = _SEGMENTS // 2
_SAMPLES_PER_SEGMENT = 16
# Ink is placed in 64ths of a pixel.
_UNITS = 64
_ROUNDNESS_LEVELS = 4

_HEADINGS = 64
_RIGHT_ANGLE = _HEADINGS // 4
_ANGLES = 2 * np.pi * np.arange(_HEADINGS) / _HEADINGS
_COMPASS = np.rint(1024 * np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)) / 1024

# How unlike two drawings are, in standard deviations: bends of a stroke relative to its
# length, its shape, and the place of its attachment relative to the character; shape, size
# and place (pixels) of the whole; radius of the pen (64ths of a pixel).
_WOBBLE = 0.014
_STROKE_SHAPE = 0.13
_SLIP = 0.06
_FIGURE_SHAPE = 0.05
_FIGURE_SIZE = 0.08
_PLACE = 1.3
_PEN = 26
_PEN_SPREAD = 2
# In units of the repertoire: a character smaller than the first is drawn small, one as large
# as the second is not made.
_SMALL = 0.8
_SPRAWLING = 1.4
# Cosines over a stroke: the low frequencies of an unsteady hand.
_MODES = (
    np.rint(256 * np.cos(np.pi * np.outer(np.arange(_VERTICES) + 0.5, (1, 2, 3)) / _VERTICES)) / 256
)

# A kind of stroke: its commonness, its size, and the turn before each of its segments.
_KINDS = {
    "dot": (0.5, 0.07, (0, 0, 0, 0, 0, 0, 0, 0)),
    "line": (4.0, 0.9, (0, 0, 0, 0, 0, 0, 0, 0)),
    "bow": (1.5, 0.9, (0, 2, 2, 2, 2, 2, 2, 2)),
    "arc": (1.5, 0.7, (0, 5, 5, 5, 5, 5, 5, 5)),
    "ring": (1.2, 0.5, (0, 8, 8, 8, 8, 8, 8, 9)),
    "hook": (1.5, 0.9, (0, 0, 0, 0, 0, 9, 9, 9)),
    "bowl": (1.2, 0.9, (0, 0, 0, 0, 13, 12, 12, 12)),
    "wave": (1.0, 0.9, (0, 7, 7, 7, -7, -7, -7, -7)),
    "spiral": (0.4, 0.8, (0, 6, 7, 8, 9, 11, 13, 15)),
    "corner": (1.8, 0.8, (0, 0, 0, 0, 0, 17, 0, 0)),
    "wedge": (1.0, 0.8, (0, 0, 0, 0, 23, 0, 0, 0)),
    "step": (0.8, 0.9, (0, 0, 0, 16, 0, -16, 0, 0)),
    "bracket": (0.8, 0.7, (0, 0, 16, 0, 0, 0, 16, 0)),
    "box": (0.6, 0.6, (0, 0, 16, 0, 16, 0, 16, 0)),
    "zigzag": (0.7, 0.9, (0, 0, 22, 0, -22, 0, 22, 0)),
}
_COMMONNESS = np.array([commonness for commonness, _, _ in _KINDS.values()])
_SIZES = np.array([size for _, size, _ in _KINDS.values()])
_TURNS = np.array([turns for _, _, turns in _KINDS.values()])
# Kinds that an alphabet of curves, or one of polygons, likes best.
_ROUND_KINDS = np.isin(list(_KINDS), ("bow", "arc", "ring", "hook", "bowl", "wave", "spiral"))
_ANGULAR_KINDS = np.isin(list(_KINDS), ("corner", "wedge", "step", "bracket", "box", "zigzag"))


def load(split: str, *, seed: int = 0, num_characters: int | None = None) -> CharacterSet:
    """Makes, or takes from the cache, procedural characters in 20 drawings each.

    Args:
      split: "train" (45 alphabets, 1,350 characters) or "test" (5 other alphabets, 150).
      seed: which world of alphabets; an integer >= 0.
      num_characters: only the first so many characters of the split; None for all. The
        images of a character do not depend on it.

    Returns a CharacterSet of 26x26 images; the s-th drawings of an alphabet's characters are
    by the same drawer. Raises InvalidArgumentError for an unknown split or a number out of
    range.
    """
    check_choice("split", split, ALPHABETS)
    _check_integer("seed", seed)
    check_at_least("seed", seed, 0)
    available = len(ALPHABETS[split]) * CHARACTERS_PER_ALPHABET
    if num_characters is None:
        num_characters = available
    _check_integer("num_characters", num_characters)
    check_at_least("num_characters", num_characters, 1)
    if num_characters > available:
        raise InvalidArgumentError(
            f"num_characters={num_characters!r}: expected at most {available}, "
            f"which is what split {split!r} of 'strokes' holds."
        )
    arrays = cached_arrays(
        f"strokes-{VERSION}-{split}-seed-{seed}-characters-{num_characters}",
        lambda: {"drawings": _draw_characters(split, seed, num_characters)},
    )
    names = [
        f"Alphabet{alphabet:02d}_{character:02d}"
        for alphabet in ALPHABETS[split]
        for character in range(CHARACTERS_PER_ALPHABET)
    ]
    return CharacterSet(
        name="strokes",
        split=split,
        drawings=arrays["drawings"],
        characters=tuple(names[:num_characters]),
    )


def _check_integer(name: str, value: object) -> None:
    if not isinstance(value, int | np.integer):
        raise InvalidArgumentError(f"{name}={value!r}: expected an integer.")


def _draw_characters(split: str, seed: int, num_characters: int) -> np.ndarray:
    """Returns uint8 [num_characters, 20, 26, 26]."""
    num_alphabets = -(-num_characters // CHARACTERS_PER_ALPHABET)
    drawings = [draw_alphabet(seed, index) for index in ALPHABETS[split][:num_alphabets]]
    return np.concatenate(drawings)[:num_characters]


def draw_alphabet(seed: int, index: int) -> np.ndarray:
    """Returns all drawings of one alphabet: uint8 [30, 20, 26, 26]."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, index])))
    return _draw(rng, *invent_alphabet(rng))


@dataclass(frozen=True)
class Style:
    """What the characters of an alphabet have in common.

    Attributes:
      repertoire: [P, 9, 2] vertices of its strokes; a character is about 1 wide.
      popularity: [P] weights with which strokes are chosen.
      roundness: 0 (polygons) .. 4 (cubic B-splines).
      more_strokes: probability of each further stroke.
      opening: probability that a character begins with the first stroke of the repertoire.
      apart: probability that a stroke does not touch the others.
      size: larger side of a character in pixels.
    """

    repertoire: np.ndarray
    popularity: np.ndarray
    roundness: int
    more_strokes: float
    opening: float
    apart: float
    size: float


@dataclass(frozen=True)
class Plans:
    """C characters; slot j of [C, 5] is the j-th stroke, of which `count` are used.

    Attributes:
      count: [C], 1..5.
      stroke: [C, 5] index into the repertoire.
      stretch: [C, 5, 2] factors of width and height; negative ones mirror.
      parent: [C, 5] the earlier slot to which a stroke is attached.
      parent_vertex, own_vertex: [C, 5] the two vertices that meet.
      gap: [C, 5, 2] from the parent's vertex to the own one; zero where they touch.
      size: [C] larger side in pixels.
    """

    count: np.ndarray
    stroke: np.ndarray
    stretch: np.ndarray
    parent: np.ndarray
    parent_vertex: np.ndarray
    own_vertex: np.ndarray
    gap: np.ndarray
    size: np.ndarray

    def join(self, other: Plans) -> Plans:
        """These plans and the others."""
        pairs = ((name, value, vars(other)[name]) for name, value in vars(self).items())
        return Plans(**{name: np.concatenate([mine, yours]) for name, mine, yours in pairs})

    def take(self, rows: np.ndarray) -> Plans:
        """The plans of these rows."""
        return Plans(**{name: value[rows] for name, value in vars(self).items()})


def invent_alphabet(rng: np.random.Generator) -> tuple[Style, Plans]:
    """Returns an alphabet and the plans of its 30 characters, no two of which look the same."""
    style = _invent_style(rng)
    plans = _invent_candidates(rng, style, 4 * CHARACTERS_PER_ALPHABET)
    while len(distinct := _distinct(draw_plainly(style, plans))) < CHARACTERS_PER_ALPHABET:
        plans = plans.join(_invent_candidates(rng, style, 4 * CHARACTERS_PER_ALPHABET))
    return style, plans.take(distinct[:CHARACTERS_PER_ALPHABET])


def _on_grid(numbers: np.ndarray) -> np.ndarray:
    return np.rint(1024 * numbers) / 1024


def _uniform(rng: np.random.Generator, low: float, high: float, *shape: int) -> np.ndarray:
    return _on_grid(low + (high - low) * rng.random(shape))


def _normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return _on_grid(rng.standard_normal(shape))


def _choice(rng: np.random.Generator, weights: np.ndarray, *shape: int) -> np.ndarray:
    """Indices drawn with probabilities proportional to `weights`."""
    cumulative = np.cumsum(np.rint(2**20 * weights))
    return np.searchsorted(cumulative, rng.integers(0, int(cumulative[-1]), shape), side="right")


def _invent_style(rng: np.random.Generator) -> Style:
    size = int(rng.integers(5, 10))
    roundness = int(rng.integers(0, _ROUNDNESS_LEVELS + 1))
    taste = _COMMONNESS * _uniform(rng, 0.1, 1.0, len(_KINDS))
    taste[_ROUND_KINDS] *= (1 + roundness) / 3
    taste[_ANGULAR_KINDS] *= (1 + _ROUNDNESS_LEVELS - roundness) / 3
    return Style(
        repertoire=_invent_strokes(rng, taste, float(_uniform(rng, 0.6, 1.0)), size),
        popularity=1 / (1.5 + np.arange(size)),
        roundness=roundness,
        more_strokes=float(_uniform(rng, 0.4, 0.7)),
        opening=float(_uniform(rng, 0.0, 0.9)),
        apart=float(_uniform(rng, 0.02, 0.3)),
        size=float(_uniform(rng, 13.0, 17.0)),
    )


def _invent_strokes(
    rng: np.random.Generator, taste: np.ndarray, uprightness: float, number: int
) -> np.ndarray:
    """Returns vertices [number, 9, 2] of strokes whose kinds are chosen by weights `taste`."""
    kind = _choice(rng, taste, number)
    upright = _RIGHT_ANGLE * rng.integers(0, 4, number)
    oblique = _RIGHT_ANGLE // 2 * rng.integers(0, 8, number)
    heading = np.where(rng.random(number) < uprightness, upright, oblique)
    heading = heading + np.where(rng.random(number) < uprightness, 0, rng.integers(-2, 3, number))
    turns = _TURNS[kind] * (2 * rng.integers(0, 2, (number, 1)) - 1)
    turns = turns + np.where(turns == 0, 0, rng.integers(-1, 2, (number, 1)))
    headings = (heading[:, None] + np.cumsum(turns, axis=1)) % _HEADINGS
    steps = _COMPASS[headings] * _uniform(rng, 0.8, 1.25, number, _SEGMENTS, 1)
    vertices = np.concatenate([np.zeros((number, 1, 2)), np.cumsum(steps, axis=1)], axis=1)
    extent = (vertices.max(axis=1) - vertices.min(axis=1)).max(axis=1)
    size = _SIZES[kind] * _uniform(rng, 0.7, 1.3, number)
    return vertices * (size / extent)[:, None, None]


def _invent_candidates(rng: np.random.Generator, style: Style, number: int) -> Plans:
    """Returns those of `number` random plans that do not sprawl."""
    shape = (number, MAX_STROKES)
    slot = np.arange(MAX_STROKES)
    more = rng.random((number, MAX_STROKES - 1)) < style.more_strokes
    previous = np.maximum(slot - 1, 0)
    any_earlier = rng.integers(0, np.maximum(slot, 1), shape)
    parent = np.where(rng.random(shape) < 0.6, previous, any_earlier)
    ends_and_middle = np.array([2.0, 0.5, 0.8, 0.5, 1.5, 0.5, 0.8, 0.5, 2.5])
    start_or_crossing = np.array([4.0, 0, 0.2, 0.2, 1.5, 0.2, 0.2, 0, 1.0])
    apart = rng.random(shape) < style.apart
    distance = _uniform(rng, 0.3, 0.7, *shape, 1)
    direction = _COMPASS[8 * rng.integers(0, 8, shape)]
    stroke = _choice(rng, style.popularity, *shape)
    stroke[:, 0] = np.where(rng.random(number) < style.opening, 0, stroke[:, 0])
    mirror = np.where(rng.random((*shape, 2)) < 0.15, -1, 1)
    plans = Plans(
        count=1 + more.sum(axis=1),
        stroke=stroke,
        stretch=mirror * _uniform(rng, 0.75, 1.25, *shape, 2),
        parent=parent,
        parent_vertex=np.where(apart, _MIDDLE, _choice(rng, ends_and_middle, *shape)),
        own_vertex=np.where(apart, _MIDDLE, _choice(rng, start_or_crossing, *shape)),
        gap=np.where(apart[..., None], distance * direction, 0.0),
        size=style.size * _uniform(rng, 0.8, 1.2, number),
    )
    return plans.take(np.flatnonzero(_planned_extent(style, plans)[:, 0] < _SPRAWLING))


def _distinct(images: np.ndarray) -> np.ndarray:
    """Rows of those of `images` [N, H, W] that differ from all chosen before them.

    Two differ if at least a twelfth of the ink of either is not beside ink of the other.
    """
    number = len(images)
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    near = np.max(
        [padded[:, i : i + IMAGE_SIZE, j : j + IMAGE_SIZE] for i in range(3) for j in range(3)], 0
    )
    ink = images.reshape(number, -1).astype(np.float32)
    away = 1 - near.reshape(number, -1).astype(np.float32)
    uncovered = ink @ away.T
    total = ink.sum(axis=1)
    differs = 12 * (uncovered + uncovered.T) >= total[:, None] + total
    chosen: list[int] = []
    for row in range(number):
        if differs[row, chosen].all():
            chosen.append(row)
    return np.array(chosen)


def draw_plainly(style: Style, plans: Plans) -> np.ndarray:
    """Returns every character without noise: uint8 [C, 26, 26]."""
    figures = _assemble(plans, _strokes(style, plans), plans.gap[:, None])
    figures = _placed(figures * _scale(style, plans), np.zeros((*figures.shape[:2], 2)))
    return render(figures, plans.count, style.roundness, np.full(figures.shape[:2], _PEN))[:, 0]


def _draw(rng: np.random.Generator, style: Style, plans: Plans) -> np.ndarray:
    """Returns every character by every drawer: uint8 [C, 20, 26, 26]."""
    drawn = (len(plans.count), DRAWINGS_PER_CHARACTER)
    slots = (*drawn, MAX_STROKES)

    def habit(*shape: int) -> np.ndarray:
        """About standard normal [C, 20, ...]: a drawer's habit plus chance."""
        habitual = _normal(rng, 1, DRAWINGS_PER_CHARACTER, *shape)
        return 0.75 * habitual + 0.66 * _normal(rng, *drawn, *shape)

    unsteady = _uniform(rng, 0.5, 1.5, 1, DRAWINGS_PER_CHARACTER, 1, 1, 1)
    strokes = _strokes(style, plans)
    length = np.abs(np.diff(strokes, axis=-2)).sum(axis=(-2, -1), keepdims=True)
    strokes = strokes + _WOBBLE * unsteady * length * (_MODES @ _normal(rng, *slots, 3, 2))
    strokes = _transformed(strokes, _STROKE_SHAPE * unsteady * _normal(rng, *slots, 2, 2))
    slips = _SLIP * unsteady[..., 0] * _normal(rng, *slots, 2)
    figures = _assemble(plans, strokes, plans.gap[:, None] + slips) * _scale(style, plans)
    figures = _transformed(figures, (_FIGURE_SHAPE * habit(2, 2))[:, :, None])
    figures = figures * (1 + _FIGURE_SIZE * habit()).clip(0.6, 1.4)[..., None, None, None]
    figures = _placed(figures, _PLACE * habit(2))
    pen = _PEN + np.rint(_PEN_SPREAD * habit()).clip(-2 * _PEN_SPREAD, 2 * _PEN_SPREAD)
    return render(figures, plans.count, style.roundness, pen)


def _strokes(style: Style, plans: Plans) -> np.ndarray:
    """The strokes as planned, before they are attached: [C, 1, 5, 9, 2]."""
    return _on_grid(style.repertoire[plans.stroke] * plans.stretch[:, :, None])[:, None]


def _planned_extent(style: Style, plans: Plans) -> np.ndarray:
    """Larger side of the planned characters, before they are scaled: [C, 1]."""
    low, high = _box(_assemble(plans, _strokes(style, plans), plans.gap[:, None]))
    return (high - low).max(axis=-1)


def _scale(style: Style, plans: Plans) -> np.ndarray:
    """Pixels per unit of the planned characters: [C, 1, 1, 1, 1]; small ones stay small."""
    extent = np.maximum(_planned_extent(style, plans), _SMALL)
    return plans.size[:, None, None, None, None] / extent[..., None, None, None]


def _assemble(plans: Plans, strokes: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """Attaches strokes [C, S, 5, 9, 2] to their parents, `gaps` [C, S, 5, 2] apart.

    Unused slots repeat the first stroke, so that they do not count in a bounding box.
    """
    figures = strokes.copy()
    rows = np.arange(len(plans.count))
    for slot in range(1, MAX_STROKES):
        meets = figures[rows, :, plans.parent[:, slot], plans.parent_vertex[:, slot]]
        own = strokes[rows, :, slot, plans.own_vertex[:, slot]]
        placed = strokes[:, :, slot] + (meets + gaps[:, :, slot] - own)[:, :, None]
        used = (slot < plans.count)[:, None, None, None]
        figures[:, :, slot] = np.where(used, placed, figures[:, :, 0])
    return figures


def _transformed(vertices: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Adds the linear map `matrix` [..., 2, 2] of `vertices` [..., 9, 2] to them."""
    x, y = vertices[..., :1], vertices[..., 1:]
    return vertices + (x * matrix[..., None, :, 0] + y * matrix[..., None, :, 1])


def _box(figures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest coordinates [C, S, 2] of figures [C, S, 5, 9, 2]."""
    return figures.min(axis=(2, 3)), figures.max(axis=(2, 3))


def _placed(figures: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Moves figures, in pixels, to the middle of the page and on by `offset` [C, S, 2].

    Keeps them half a pixel away from its edges, smaller if they must be.
    """
    low, high = _box(figures)
    frame = IMAGE_SIZE - 1
    shrink = np.minimum(frame / (high - low).max(axis=-1, keepdims=True), 1)
    room = np.maximum(frame - shrink * (high - low), 0) / 2
    middle = IMAGE_SIZE / 2 + offset.clip(-room, room) - shrink * (low + high) / 2
    return figures * shrink[:, :, None, None] + middle[:, :, None, None]


def curve(roundness: int) -> tuple[np.ndarray, int]:
    """Points of a stroke as integer weights [T, 9] of its vertices, and their common sum.

    A mean of the polygon and of its uniform cubic B-spline, which starts and ends at the
    first and last vertex because the vertex before the first is taken to be 2 p0 - p1.
    """
    n = _SAMPLES_PER_SEGMENT
    t = np.arange(n)
    spline = np.stack(
        [
            (n - t) ** 3,
            3 * t**3 - 6 * n * t**2 + 4 * n**3,
            -3 * t**3 + 3 * n * t**2 + 3 * n**2 * t + n**3,
            t**3,
        ],
        axis=1,
    )
    line = 6 * n**2 * np.stack([n - t, t], axis=1)
    weights = np.zeros((_SEGMENTS, n, _VERTICES + 2))
    for segment in range(_SEGMENTS):
        weights[segment, :, segment : segment + 4] += roundness * spline
        weights[segment, :, segment + 1 : segment + 3] += (_ROUNDNESS_LEVELS - roundness) * line
    weights = weights.reshape(-1, _VERTICES + 2)
    inner = weights[:, 1:-1].copy()
    inner[:, 0] += 2 * weights[:, 0]
    inner[:, 1] -= weights[:, 0]
    inner[:, -1] += 2 * weights[:, -1]
    inner[:, -2] -= weights[:, -1]
    total = _ROUNDNESS_LEVELS * 6 * n**3
    last = np.zeros((1, _VERTICES))
    last[0, -1] = total
    return np.concatenate([inner, last]), total


def render(figures: np.ndarray, count: np.ndarray, roundness: int, pen: np.ndarray) -> np.ndarray:
    """Draws figures with round pens.

    Args:
      figures: [C, S, 5, 9, 2] (x, y) of the vertices in pixels, from the upper left corner of
        the page and half a pixel or more away from its edges.
      count: [C] how many of the 5 strokes are drawn.
      roundness: of the alphabet.
      pen: [C, S] radii in 64ths of a pixel, whole numbers below 32.

    Returns uint8 [C, S, 26, 26]: 1 for each pixel that the pen touches.
    """
    weights, total = curve(roundness)
    used = np.broadcast_to(np.arange(MAX_STROKES) < count[:, None, None], figures.shape[:3])
    # Whole numbers below 2**53: the matrix product is exact, whatever its order.
    points = np.floor(weights @ np.rint(figures[used] * _UNITS) / total).astype(np.int32)
    cell, inside = points // _UNITS, points % _UNITS
    distance = np.minimum(inside, _UNITS - inside)
    toward = np.where(inside < _UNITS // 2, -1, 1)
    radius = np.broadcast_to(pen[..., None], used.shape)[used].astype(np.int32)[:, None]
    # A pen narrower than a pixel touches its own cell, at most one neighbour in each
    # direction, and the cell between the two if it covers the corner that all four share.
    neighbour = cell + np.where(distance <= radius[..., None], toward, 0)
    corner = (distance**2).sum(axis=-1) <= radius**2
    images = np.zeros((*pen.shape, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    character, drawer = (index[:, None] for index in np.nonzero(used)[:2])
    (x, y), (x_near, y_near) = np.moveaxis(cell, -1, 0), np.moveaxis(neighbour, -1, 0)
    images[character, drawer, y, x] = 1
    images[character, drawer, y, x_near] = 1
    images[character, drawer, y_near, x] = 1
    images[character, drawer, np.where(corner, y_near, y), np.where(corner, x_near, x)] = 1
    return images
