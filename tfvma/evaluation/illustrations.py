"""What the report shows beside its numbers: draws of the model, as figures with captions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from tfvma.data.characters import CharacterSet
from tfvma.data.episodes import episodes
from tfvma.evaluation.scorer import Scorer
from tfvma.figures.address_histogram import address_histogram
from tfvma.figures.kl_split import kl_split
from tfvma.figures.learning_curves import learning_curves
from tfvma.figures.one_shot_samples import one_shot_samples
from tfvma.figures.reconstructions import reconstructions
from tfvma.figures.style import png

_ENTRIES, _SAMPLES = 10, 12
_CLASSES, _SHOTS = 8, 10
_EPISODES_SEARCHED = 40


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


def show_learning_curves(log: Sequence[Mapping[str, float]], num_samples: int) -> Illustration:
    """From the rows of a run's log.csv; K = num_samples."""
    return Illustration(
        "learning_curves",
        "Learning curves",
        f"Above: the negative bound -L_K with K = {num_samples}. Below: how much z and the "
        "address a carry, KL(q(z|x,m) || p(z|m)) and KL(q(a|x) || p(a)). Dashed: means over the "
        "training episodes between two rows of the log, with the weights of the moment. Solid: a "
        "fixed set of targets of the held-out alphabets, with the averaged weights.",
        png(learning_curves(log, num_samples)),
    )


def show_kl_split(
    protocol: str, reconstruction: float, kl_z: float, kl_a: float, nll: Mapping[int, float]
) -> Illustration:
    """From means in nats that were measured on `protocol`; `nll` by K."""
    return Illustration(
        "kl_split",
        "Where the nats go",
        f"Measured on {protocol}. The whole bar is the expected -L_1: what is left to say about "
        "the pixels once a and z are known, plus what z and the address a carry. With more samples "
        "the bound is tighter: the marks show the NLL at each K.",
        png(kl_split(reconstruction, kl_z, kl_a, nll)),
    )


def show_one_shot_samples(scorer: Scorer, characters: CharacterSet, seed: int) -> Illustration:
    """Rows of p(x | m_a), for entries of different characters (paper, figure 4A)."""
    rows = min(_ENTRIES, characters.num_characters)
    episode = next(
        iter(_episodes(characters, num_classes=rows, shots=1, seed=seed, num_episodes=1))
    )
    entry = tf.repeat(episode["memory"], _SAMPLES, axis=0)
    prior = scorer.latent_prior(entry)
    noise = tf.random.stateless_normal(tf.shape(prior["loc"]), [seed, 0], alg="philox")
    logits = scorer.decode(prior["loc"] + prior["scale"] * noise, entry)["logits"]
    samples = tf.reshape(tf.sigmoid(logits), [rows, _SAMPLES, *logits.shape[1:3]])
    unseen = (
        "that the model was never trained on"
        if characters.split == "test"
        else "of the training set"
    )
    return Illustration(
        "one_shot_samples",
        "One-shot samples",
        f"Each row shows one drawing of a character {unseen}, framed, and what the model draws "
        "when it reads that entry: z ~ p(z | m_a), then the probability of ink in each pixel under "
        "p(x | z, m_a). Rows and samples are not selected.",
        png(one_shot_samples(episode["memory"].numpy()[..., 0], samples.numpy())),
    )


@dataclass(frozen=True)
class AddressInference:
    """q(a | x) for one target.

    Attributes:
      target: [H, W].
      entries: [M, H, W].
      probabilities: [M], q(a | x).
      memory_label: int [M].
      target_label: of the target.
    """

    target: np.ndarray
    entries: np.ndarray
    probabilities: np.ndarray
    memory_label: np.ndarray
    target_label: int

    @property
    def right(self) -> bool:
        """Whether the most probable entry shows the target's character."""
        return bool(self.memory_label[self.probabilities.argmax()] == self.target_label)


def show_address_histograms(
    scorer: Scorer, characters: CharacterSet, seed: int
) -> list[Illustration]:
    """The first right inference and, where one is found, the first wrong one (figure 3)."""
    first: dict[bool, tuple[int, AddressInference]] = {}
    for count, inference in enumerate(infer_addresses(scorer, characters, seed), start=1):
        first.setdefault(inference.right, (count, inference))
        if len(first) == 2:
            break
    return [_show_inference(*first[right]) for right in (True, False) if right in first]


def infer_addresses(
    scorer: Scorer, characters: CharacterSet, seed: int
) -> Iterator[AddressInference]:
    """Targets of 40 random episodes, one of each character in memory, in random order."""
    address = tf.function(scorer.address)
    generator = np.random.default_rng(seed)
    for episode in _episodes(
        characters,
        num_classes=min(_CLASSES, characters.num_characters),
        shots=min(_SHOTS, characters.drawings_per_character - 1),
        seed=seed,
        num_episodes=_EPISODES_SEARCHED,
    ):
        posterior = np.exp(address(episode["x"], episode["memory"])["log_posterior"].numpy())
        for row in generator.permutation(len(posterior)):
            yield AddressInference(
                target=episode["x"][row, ..., 0].numpy(),
                entries=episode["memory"].numpy()[..., 0],
                probabilities=posterior[row],
                memory_label=episode["memory_label"].numpy(),
                target_label=int(episode["x_label"][row]),
            )


def _show_inference(count: int, inference: AddressInference) -> Illustration:
    which = "right" if inference.right else "wrong"
    return Illustration(
        f"address_histogram_{which}",
        f"Inference over the address: a {which} one",
        "q(a | x) over all entries in memory; below, the target and the five most probable "
        "entries with their probabilities. Blue: entries that show the target's character. "
        "Orange: other characters, with their number in the histogram. Targets were looked at in "
        f"random order; this, number {count}, is the first whose most probable entry shows "
        f"{'the right' if inference.right else 'another'} character.",
        png(
            address_histogram(
                inference.target,
                inference.entries,
                inference.probabilities,
                inference.memory_label,
                inference.target_label,
            )
        ),
    )


def show_reconstructions(scorer: Scorer, characters: CharacterSet, seed: int) -> Illustration:
    """Targets, entries read and reconstructions, two samples each."""
    classes = min(_CLASSES, characters.num_characters)
    shots = min(4, characters.drawings_per_character - 1)
    episode = next(
        iter(_episodes(characters, num_classes=classes, shots=shots, seed=seed, num_episodes=1))
    )
    memory = episode["memory"]
    drawn = scorer.reconstruct(
        episode["x"], memory, tf.constant(2, tf.int32), tf.constant([seed, 1], tf.int32)
    )
    read = drawn["address"]
    right = tf.equal(tf.gather(episode["memory_label"], read), episode["x_label"])
    return Illustration(
        "reconstructions",
        "Reconstructions",
        f"Each column: a target, and twice an entry that was read for it, a ~ q(a | x), among "
        f"{memory.shape[0]} entries of {classes} characters, with the reconstruction p(x | z, "
        "m_a), z ~ q(z | x, m_a). A blue frame: the entry shows the target's character; an orange "
        "one: it shows another.",
        png(
            reconstructions(
                episode["x"].numpy()[..., 0],
                tf.gather(memory, read).numpy()[..., 0],
                drawn["images"].numpy()[..., 0],
                right.numpy(),
            )
        ),
    )


def _episodes(
    characters: CharacterSet, *, num_classes: int, shots: int, seed: int, num_episodes: int
) -> tf.data.Dataset:
    """One target of each character."""
    return episodes(
        characters,
        num_classes=num_classes,
        targets_per_class=1,
        shots=shots,
        seed=seed,
        num_episodes=num_episodes,
    )
