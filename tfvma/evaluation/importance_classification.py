"""Few-shot classification by the bound instead of q(a | x) (paper, section 4.2, last paragraph).

The paper prints the mean of p(x, z, m_a) / p(x) over q(z | m_a, x). Here each is divided by
q(z | m_a, x), which makes p(a | x) of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfvma.data.characters import CharacterSet
from tfvma.errors import DivergedError
from tfvma.evaluation.classification import classification_episodes
from tfvma.evaluation.measurement import Measurement
from tfvma.evaluation.protocols import ImportanceClassification
from tfvma.evaluation.scored_terms import Key
from tfvma.evaluation.scorer import AddressScorer
from tfvma.evaluation.standard_error import clustered_mean

# Slots under way at a time: while the network of one keeps a core busy, the other has work.
_PARALLEL_SLOTS = 2


def log_joint(
    scorer: AddressScorer, x: tf.Tensor, memory: tf.Tensor, num_samples: tf.Tensor, seed: tf.Tensor
) -> tf.Tensor:
    """log p(x, a | M) of every slot, estimated with K samples of z; nats.

        log p(a | M) + log 1/K sum_k p(x | z_k, m_a) p(z_k | m_a) / q(z_k | m_a, x),
        z_k ~ q(z | m_a, x)

    The second term is what `score` gives for a memory of that slot alone, where no address is
    left to infer. So slots and samples are streamed, and each entry is encoded once for all
    targets. All slots share the noise of z.

    Args:
      scorer: the model.
      x: [B, H, W, 1].
      memory: [M, H, W, 1].
      num_samples: K, int32 scalar.
      seed: int32 [2].

    Returns:
      [B, M].
    """

    def log_likelihood(entry):
        return scorer.score(x, entry[tf.newaxis], num_samples, seed)["log_likelihood"]

    log_px = tf.map_fn(
        log_likelihood,
        memory,
        fn_output_signature=tf.TensorSpec([None], tf.float32),
        parallel_iterations=_PARALLEL_SLOTS,
    )
    return scorer.address(x, memory)["log_prior"] + tf.transpose(log_px)


def log_joint_of_classes(log_joint: tf.Tensor, memory_label: tf.Tensor, ways: int) -> tf.Tensor:
    """log p(x, c | M) = logsumexp of log p(x, a | M) over the slots of class c, [B, ways].

    Args:
      log_joint: [B, M].
      memory_label: int32 [M], in 0..ways-1.
      ways: the number of classes; one without a slot has log 0.
    """
    labelled = tf.equal(memory_label, tf.range(ways)[:, tf.newaxis])
    per_class = tf.where(labelled, log_joint[:, tf.newaxis], -float("inf"))
    return tf.reduce_logsumexp(per_class, axis=2)


def measure_importance_classification(
    scorer: AddressScorer,
    protocol: ImportanceClassification,
    characters: CharacterSet,
    seed: int,
    advance: Callable[[], object] = lambda: None,
) -> list[Measurement]:
    """The accuracy of argmax_c log p(x, c | M) at every K, and that of q(a | x) on the same
    targets, as fractions.

    Episode i draws its samples from the seed [seed, i]. Arguments and errors are those of
    `measure_few_shot`.
    """
    ways = tf.constant(protocol.ways, tf.int32)
    classify = tf.function(scorer.classify)

    @tf.function
    def joint(x, memory, memory_label, num_samples, noise):
        of_slots = log_joint(scorer, x, memory, num_samples, noise)
        return log_joint_of_classes(of_slots, memory_label, protocol.ways)

    right: dict[Key, list[np.ndarray]] = defaultdict(list)
    for index, episode in enumerate(classification_episodes(protocol, characters, seed)):
        x, memory, label = episode["x"], episode["memory"], episode["memory_label"]
        answers = {("accuracy", None): classify(x, memory, label, ways)["probabilities"]}
        for count in protocol.num_samples:
            noise = tf.constant([seed, index], tf.int32)
            answer = joint(x, memory, label, tf.constant(count, tf.int32), noise)
            if not np.all(np.isfinite(answer)):
                raise DivergedError(
                    f"log p(x, c) of episode {index} at K = {count} is not finite: "
                    "expected a model whose training did not diverge."
                )
            answers["accuracy_iw", count] = answer
        for key, answer in answers.items():
            guess = tf.argmax(answer, axis=1, output_type=tf.int32)
            right[key].append(tf.equal(guess, episode["x_label"]).numpy())
        advance()
    return [
        Measurement(metric, clustered_mean(np.stack(values)), count, np.size(values))
        for (metric, count), values in right.items()
    ]
