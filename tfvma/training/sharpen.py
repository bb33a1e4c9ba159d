"""Logits of p(x | z, m) made as sharp as suits a bound of more samples than training has."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import TextIO

import keras
import numpy as np
import tensorflow as tf
import tqdm

from tfvma.config import Config
from tfvma.data.draw import Source, draw_episodes, num_targets

# Other episodes than those of training are drawn, which has `training.seed`, 0 by default.
_SEED = 1
_TARGETS = 128
_LEAST, _MOST = 0.5, 2.0
# Of the bound; they leave the factor known to 3 %.
_EVALUATIONS = 9
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


def as_drawn(config: Config) -> Config:
    """With drawings of the training set as they are, neither turned nor warped: as those that the
    model is for."""
    plain = dataclasses.replace(config.episodes, turned=False, warped_copies=0, warped_alike=False)
    return dataclasses.replace(config, episodes=plain)


def draw_to_sharpen(config: Config, source: Source) -> tf.data.Dataset:
    """About 128 targets of the training set, the same ones each time."""
    drawn = config.episodes
    return draw_episodes(drawn, source, seed=_SEED, num_episodes=-(-_TARGETS // num_targets(drawn)))


def sharpen(
    model: keras.Model,
    episodes: tf.data.Dataset,
    num_samples: int,
    stop: Callable[[], bool] = lambda: False,
    progress: TextIO | None = None,
) -> float | None:
    """Multiplies the logits by the factor between 1/2 and 2 that makes L_K the highest.

    Of the K samples of a bound the best counts for most, so that the more there are, the less
    each pixel has to allow for samples that miss. Where training has few, its decoder is blunt
    for a bound of many: one number mends most of that. It is folded into the layers that the
    logits are a sum of.

    Args:
        model: its decoder has `logit_layers`.
        episodes: of the training set, all of the same size.
        num_samples: K of the bound.
        stop: asked after each episode; where it says yes the model is left as it was.
        progress: where a bar is shown; None shows nothing.

    Returns:
        The factor, or None where it was stopped.
    """
    weights = [weight for layer in model.decoder.logit_layers for weight in layer.weights]
    as_they_are = [weight.numpy() for weight in weights]
    score = tf.function(model.score)

    def scale(factor: float) -> None:
        for weight, value in zip(weights, as_they_are, strict=True):
            weight.assign(factor * value)

    total = _EVALUATIONS * int(episodes.cardinality())
    with tqdm.tqdm(
        desc="sharpening", total=total, unit="episode", file=progress, disable=progress is None
    ) as bar:

        def mean_bound(log_factor: float) -> float:
            scale(math.exp(log_factor))
            bounds = []
            for index, episode in enumerate(episodes):
                if stop():
                    raise _StoppedError
                # The same noise for every factor, which leaves of it little in differences.
                terms = score(
                    episode["x"],
                    episode["memory"] if model.takes_memory else None,
                    tf.constant(num_samples),
                    tf.constant([_SEED, index]),
                )
                bounds.append(float(tf.reduce_mean(terms["log_likelihood"])))
                bar.update()
            return float(np.mean(bounds))

        try:
            factor = math.exp(highest(mean_bound, math.log(_LEAST), math.log(_MOST), _EVALUATIONS))
        except _StoppedError:
            scale(1.0)
            return None
    scale(factor)
    return factor


def highest(function: Callable[[float], float], low: float, high: float, evaluations: int) -> float:
    """Where a function with one maximum has it, by golden section: the best of the places that
    were looked at, which are `evaluations`, at least two."""
    inner = [high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)]
    values = [function(place) for place in inner]
    for _ in range(evaluations - 2):
        if values[0] >= values[1]:
            high = inner[1]
            inner = [high - _GOLDEN * (high - low), inner[0]]
            values = [function(inner[0]), values[0]]
        else:
            low = inner[0]
            inner = [inner[1], low + _GOLDEN * (high - low)]
            values = [values[1], function(inner[1])]
    return inner[int(np.argmax(values))]


class _StoppedError(Exception):
    """Whoever asked for a factor does not want it any more."""
