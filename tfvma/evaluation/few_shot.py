"""The few-shot protocol: the bound L_K on held-out drawings (paper, section 4.2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfvma.data.characters import CharacterSet
from tfvma.data.episodes import episodes
from tfvma.errors import DivergedError
from tfvma.evaluation.measurement import Measurement
from tfvma.evaluation.protocols import FewShot
from tfvma.evaluation.scorer import Scorer
from tfvma.evaluation.standard_error import clustered_mean


def few_shot_episodes(protocol: FewShot, characters: CharacterSet, seed: int) -> tf.data.Dataset:
    """The episodes that are scored; raises DataError where `characters` are too few."""
    return episodes(
        characters,
        num_classes=protocol.num_classes,
        targets_per_class=protocol.targets_per_class,
        shots=protocol.shots,
        seed=seed,
        num_episodes=protocol.num_episodes,
    )


def measure_few_shot(
    scorer: Scorer,
    protocol: FewShot,
    characters: CharacterSet,
    seed: int,
    advance: Callable[[], object] = lambda: None,
) -> list[Measurement]:
    """Scores every target at every K.

    NLL = -L_K, KL(q(z|x,m) || p(z|m)) and the reconstruction are given at each K, since
    they are averages over the K samples; KL(q(a|x) || p(a)) is exact and the address
    accuracy (whether the most probable entry shows the target's character) needs no
    samples: one row each. Episode i draws its samples from the seed [seed, i].

    Args:
      scorer: the model.
      protocol: its settings.
      characters: what is drawn from.
      seed: of episodes and samples.
      advance: called after each episode.

    Raises DataError where there are too few characters or drawings, DivergedError where
    the model gives a bound that is not finite.
    """
    score, address = tf.function(scorer.score), tf.function(scorer.address)
    values: dict[tuple[str, int | None], list[np.ndarray]] = defaultdict(list)
    for index, episode in enumerate(few_shot_episodes(protocol, characters, seed)):
        x, memory = episode["x"], episode["memory"]
        noise = tf.constant([seed, index], tf.int32)
        for num_samples in protocol.num_samples:
            terms = score(x, memory, tf.constant(num_samples, tf.int32), noise)
            _check_finite(terms["log_likelihood"], num_samples, index)
            values["nll", num_samples].append(-terms["log_likelihood"].numpy())
            values["kl_z", num_samples].append(terms["kl_latent"].numpy())
            values["reconstruction", num_samples].append(terms["reconstruction"].numpy())
        values["kl_a", None].append(terms["kl_address"].numpy())
        likeliest = tf.argmax(address(x, memory)["log_posterior"], axis=1)
        right = tf.equal(tf.gather(episode["memory_label"], likeliest), episode["x_label"])
        values["address_accuracy", None].append(right.numpy())
        advance()
    return [
        Measurement(metric, clustered_mean(np.stack(per_episode)), num_samples, _count(per_episode))
        for (metric, num_samples), per_episode in values.items()
    ]


def _count(per_episode: list[np.ndarray]) -> int:
    return sum(value.size for value in per_episode)


def _check_finite(log_likelihood: tf.Tensor, num_samples: int, index: int) -> None:
    if not np.all(np.isfinite(log_likelihood)):
        raise DivergedError(
            f"log_likelihood of episode {index} at K = {num_samples} is not finite: "
            "expected a model whose training did not diverge."
        )
