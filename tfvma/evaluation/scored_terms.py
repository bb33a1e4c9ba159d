"""Scores of a batch of targets, by the names under which they are reported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import tensorflow as tf

from tfvma.errors import DivergedError
from tfvma.evaluation.scorer import Scorer

# Of a metric, and of the K that it depends on.
Key = tuple[str, int | None]


def scored_terms(
    score: Callable[..., dict[str, tf.Tensor]],
    x: tf.Tensor,
    memory: tf.Tensor | None,
    num_samples: Sequence[int],
    noise: tf.Tensor,
    batch_name: str,
) -> dict[Key, np.ndarray]:
    """Every term of the bound for each target, in nats.

    NLL = -L_K, KL(q(z|x,m) || p(z|m)) and the reconstruction are given at each K, since
    they are averages over the K samples; KL(q(a|x) || p(a)) is exact, and there where the
    model has an address.

    Args:
      score: that of a `Scorer`.
      x: targets [B, H, W, 1].
      memory: [M, H, W, 1], or None where the model takes none.
      num_samples: each K.
      noise: seed of the samples, int32 [2].
      batch_name: what an error calls these targets.

    Returns:
      ("nll", K), ("kl_z", K), ("reconstruction", K) and, where the model has an address,
      ("kl_a", None), each [B].

    Raises DivergedError where a term is not finite.
    """
    values: dict[Key, np.ndarray] = {}
    for count in num_samples:
        terms = score(x, memory, tf.constant(count, tf.int32), noise)
        for name, value in terms.items():
            if not np.all(np.isfinite(value)):
                raise DivergedError(
                    f"{name} of {batch_name} at K = {count} is not finite: "
                    "expected a model whose training did not diverge."
                )
        values["nll", count] = -terms["log_likelihood"].numpy()
        values["kl_z", count] = terms["kl_latent"].numpy()
        values["reconstruction", count] = terms["reconstruction"].numpy()
        if "kl_address" in terms:
            values["kl_a", None] = terms["kl_address"].numpy()
    return values


def scored_episodes(
    scorer: Scorer,
    episodes: Iterable[dict[str, tf.Tensor]],
    num_samples: Sequence[int],
    seed: int,
) -> Iterator[tuple[dict[str, tf.Tensor], dict[Key, np.ndarray]]]:
    """Each episode with the terms of its targets at every K: those of `scored_terms` and, where
    the memory has labels, ("address_accuracy", None).

    Episode i draws its samples from the seed [seed, i]; a scorer that takes no memory is given
    none. Raises DivergedError where a term is not finite.
    """
    score = tf.function(scorer.score, reduce_retracing=True)
    address = tf.function(scorer.address, reduce_retracing=True) if reads_labels(scorer) else None
    for index, episode in enumerate(episodes):
        terms = scored_terms(
            score,
            episode["x"],
            episode["memory"] if scorer.takes_memory else None,
            num_samples,
            tf.constant([seed, index], tf.int32),
            f"episode {index}",
        )
        if address is not None:
            terms["address_accuracy", None] = address_right(address, episode)
        yield episode, terms


def reads_labels(scorer: Scorer) -> bool:
    """Whether the slots that it addresses are those of an episode, whose labels are known."""
    return scorer.has_address and scorer.takes_memory


def address_right(
    address: Callable[..., dict[str, tf.Tensor]], episode: dict[str, tf.Tensor]
) -> np.ndarray:
    """Whether the most probable entry shows the target's character, bool [B].

    Args:
      address: that of a scorer that `reads_labels`.
      episode: x, memory, x_label and memory_label.
    """
    likeliest = tf.argmax(address(episode["x"], episode["memory"])["log_posterior"], axis=1)
    right = tf.equal(tf.gather(episode["memory_label"], likeliest), episode["x_label"])
    return right.numpy()
