"""The bound on a set of images, for models to which no memory is handed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfvma.data.choice import choose
from tfvma.data.image_source import resample
from tfvma.data.images import ImageSet
from tfvma.errors import DataError, InvalidArgumentError
from tfvma.evaluation.measurement import Measurement
from tfvma.evaluation.protocols import Nll
from tfvma.evaluation.scored_terms import Key, scored_terms
from tfvma.evaluation.scorer import Scorer
from tfvma.evaluation.standard_error import Estimate, grouped_mean

_TARGETS_AT_ONCE = 100


def num_targets(protocol: Nll, images: ImageSet) -> int:
    """The images that are scored; raises DataError where there are too few."""
    count = protocol.targets or images.num_images
    if count > images.num_images:
        raise DataError(
            f"targets={count}: {images.name!r} ({images.split}) has {images.num_images} images."
        )
    return count


def chosen_images(protocol: Nll, images: ImageSet, seed: int) -> np.ndarray:
    """Which images are scored, int [B]: all in their order, or a choice of them.

    Raises as `num_targets`.
    """
    count = num_targets(protocol, images)
    if protocol.targets is None:
        return np.arange(count)
    return choose(images.num_images, count, tf.constant([seed, 0], tf.int64)).numpy()


def targets(protocol: Nll, images: ImageSet, seed: int) -> tf.Tensor:
    """What is scored, float32 [B, H, W, 1]: `chosen_images`.

    Grey pixels are drawn as ink or paper once. Raises as `num_targets`.
    """
    pixels = tf.constant(images.images[chosen_images(protocol, images, seed)])
    if images.levels > 1:
        pixels = resample(pixels, images.levels, tf.constant([seed, 1], tf.int64))
    return tf.cast(pixels[..., tf.newaxis], tf.float32)


def measure_nll(
    scorer: Scorer,
    protocol: Nll,
    images: ImageSet,
    seed: int,
    advance: Callable[[int], object] = lambda targets: None,
) -> list[Measurement]:
    """Scores every target at every K.

    Terms are those of `scored_terms`. Of a learned memory also the entropy of p(a), in nats,
    which is one number and has no error. Standard errors are those of a mean over the groups
    of the images, or over images as if they were independent. Slice i = 0, 1, ... of the targets
    draws its samples from the seed [seed, i].

    Args:
      scorer: the model.
      protocol: its settings.
      images: what is scored.
      seed: of the choice of targets and of samples.
      advance: called after each slice with its number of targets.

    Raises InvalidArgumentError for a model that is handed a memory, DataError where there are
    too few images, DivergedError where the model gives a bound that is not finite.
    """
    if scorer.takes_memory:
        raise InvalidArgumentError(
            "protocol='nll': expected a model whose memory is learned, or that has none; this one "
            "is handed a memory with every call."
        )
    score = tf.function(scorer.score, reduce_retracing=True)
    x = targets(protocol, images, seed)
    values: dict[Key, list[np.ndarray]] = defaultdict(list)
    for index, start in enumerate(range(0, len(x), _TARGETS_AT_ONCE)):
        part = x[start : start + _TARGETS_AT_ONCE]
        terms = scored_terms(
            score,
            part,
            None,
            protocol.num_samples,
            tf.constant([seed, index], tf.int32),
            f"slice {index} of targets",
        )
        for key, value in terms.items():
            values[key].append(value)
        advance(len(part))
    of_images = np.arange(images.num_images) if images.groups is None else images.groups
    groups = of_images[chosen_images(protocol, images, seed)]
    measured = [
        Measurement(metric, grouped_mean(np.concatenate(parts), groups), num_samples, len(x))
        for (metric, num_samples), parts in values.items()
    ]
    if ("kl_a", None) not in values:
        return measured
    entropy = _entropy(scorer.address(x[:1], None)["log_prior"].numpy())
    return [*measured, Measurement("entropy_pa", Estimate(entropy, 0.0), None, len(x))]


def _entropy(log_probabilities: np.ndarray) -> float:
    """In nats."""
    log_probabilities = np.float64(log_probabilities)
    return float(-np.sum(np.exp(log_probabilities) * log_probabilities))
