"""What the report shows beside its numbers: draws of the model, as figures with captions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from tfvma.data.characters import CharacterSet
from tfvma.data.draw import Source
from tfvma.evaluation.illustration import Illustration
from tfvma.evaluation.protocols import UnknownClass
from tfvma.evaluation.roc import roc_area
from tfvma.evaluation.scored_terms import reads_labels
from tfvma.evaluation.scorer import AddressScorer, Scorer
from tfvma.evaluation.shown import one_target_each, shown_entries, shown_episode
from tfvma.evaluation.unknown_class import score_unknown_class
from tfvma.figures.address_histogram import address_histogram
from tfvma.figures.one_shot_samples import one_shot_samples
from tfvma.figures.reconstructions import plain_reconstructions, reconstructions
from tfvma.figures.samples import samples_in_rows
from tfvma.figures.style import png
from tfvma.figures.unknown_class import unknown_class

_ENTRIES, _SAMPLES = 10, 12
_VAE_ROWS = 6
_CLASSES, _SHOTS = 8, 10
_EPISODES_SEARCHED = 40


def show_unknown_class(
    scorer: AddressScorer, protocol: UnknownClass, characters: CharacterSet, seed: int
) -> Illustration:
    """The targets of `protocol`, scored anew at its smallest K."""
    scores = score_unknown_class(scorer, protocol, characters, seed)
    num_samples = min(protocol.num_samples)
    drawn = (scores["nll", num_samples], scores["entropy_qa", None])
    nll, entropy = drawn
    return Illustration(
        "unknown_class",
        "Characters that are not in memory",
        f"{nll.known.size:,} drawings, each scored with two memories of {protocol.num_classes} "
        f"characters and {protocol.shots} examples of each: one that holds its character, and one "
        "that does not. Above: the bound. Below: how spread out the address is. Dashed: the "
        "entropy of an address that could be any. The ROC area is the chance that of two drawings, "
        "one of each kind, the one with its character in memory has the lower value: 1/2 where "
        "nothing is told apart. How much there is to draw differs between characters too, which "
        "the bound alone does not take out.",
        png(
            unknown_class(
                nll,
                entropy,
                tuple(roc_area(-pair.known, -pair.unknown).mean for pair in drawn),
                num_samples,
                protocol.num_classes * protocol.shots,
            )
        ),
    )


def show_samples(scorer: Scorer, source: Source, seed: int) -> Illustration:
    """Samples, with the entry that they are of where there is one to show."""
    if scorer.takes_memory:
        return _show_one_shot_samples(scorer, source, seed)
    if scorer.has_address:
        return _show_samples_of_slots(scorer, seed)
    images = scorer.generate(
        None, tf.constant(_VAE_ROWS * _SAMPLES, tf.int32), tf.constant([seed, 0], tf.int32)
    )["images"]
    return Illustration(
        "samples",
        "Samples",
        "What the model draws: z ~ p(z), then the probability of ink in each pixel under p(x | z). "
        "Samples are not selected.",
        png(samples_in_rows(_in_rows(images, _VAE_ROWS))),
    )


def _show_samples_of_slots(scorer: AddressScorer, seed: int) -> Illustration:
    """Rows of p(x | m_a), for slots of a learned memory (paper, figure 2B)."""
    log_prior = scorer.address(tf.zeros([1, *scorer.image_shape]))["log_prior"]
    rows = min(_ENTRIES, len(log_prior))
    likeliest = tf.math.top_k(log_prior, rows).indices
    entry = tf.repeat(scorer.entry_at(likeliest)["entry"], _SAMPLES, axis=0)
    return Illustration(
        "samples",
        "Samples that share an entry",
        f"Each row shows what the model draws when it reads one slot of its memory, for the {rows} "
        "of largest p(a): z ~ p(z | m_a), then the probability of ink in each pixel under "
        "p(x | z, m_a). Samples are not selected.",
        png(samples_in_rows(_in_rows(_samples_of(scorer, entry, seed), rows))),
    )


def _show_one_shot_samples(scorer: Scorer, source: Source, seed: int) -> Illustration:
    """Rows of p(x | m_a), for different entries (paper, figure 4A)."""
    entries, what = shown_entries(source, _ENTRIES, seed)
    rows = len(entries)
    if scorer.has_address:
        images = _samples_of(scorer, tf.repeat(entries, _SAMPLES, axis=0), seed)
        prior = "z ~ p(z | m_a)"
    else:
        images = tf.concat(
            [
                scorer.generate(
                    entries[row : row + 1],
                    tf.constant(_SAMPLES, tf.int32),
                    tf.constant([seed, row], tf.int32),
                )["images"]
                for row in range(rows)
            ],
            axis=0,
        )
        prior = "z ~ p(z)"
    return Illustration(
        "one_shot_samples",
        "One-shot samples",
        f"Each row shows {what}, framed, and what the model draws when it reads that entry: "
        f"{prior}, then the probability of ink in each pixel under p(x | z, m_a). Rows and "
        "samples are not selected.",
        png(one_shot_samples(entries.numpy()[..., 0], _in_rows(images, rows))),
    )


def _samples_of(scorer: AddressScorer, entry: tf.Tensor, seed: int) -> tf.Tensor:
    """A sample of p(x | m) for each of the entries [N, ...], [N, H, W, 1]."""
    prior = scorer.latent_prior(entry)
    noise = tf.random.stateless_normal(tf.shape(prior["loc"]), [seed, 0], alg="philox")
    return tf.sigmoid(scorer.decode(prior["loc"] + prior["scale"] * noise, entry)["logits"])


def _in_rows(images: tf.Tensor, rows: int) -> np.ndarray:
    """[rows * N, H, W, 1] to [rows, N, H, W]."""
    return tf.reshape(images, [rows, -1, *images.shape[1:3]]).numpy()


@dataclass(frozen=True)
class AddressInference:
    """q(a | x) for one target.

    Attributes:
      target: [H, W].
      entries: [M, H, W].
      probabilities: [M], q(a | x).
      memory_label: int [M].
      target_label: of the target; no entry has it where its character is not in memory.
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
    scorer: AddressScorer, characters: CharacterSet, seed: int
) -> list[Illustration]:
    """The first right inference and, where one is found, the first wrong one (figure 3)."""
    first: dict[bool, tuple[int, AddressInference]] = {}
    for count, inference in enumerate(infer_addresses(scorer, characters, seed), start=1):
        first.setdefault(inference.right, (count, inference))
        if len(first) == 2:
            break
    return [_show_inference(*first[right]) for right in (True, False) if right in first]


def show_absent_histogram(
    scorer: AddressScorer, characters: CharacterSet, seed: int
) -> Illustration | None:
    """q(a | x) of a target whose character is not in memory (paper, supplement); None where there
    is no second character."""
    present = min(_CLASSES, characters.num_characters - 1)
    if present == 0:
        return None
    (episode,) = one_target_each(
        characters,
        num_classes=present + 1,
        shots=min(_SHOTS, characters.drawings_per_character - 1),
        seed=seed,
        num_episodes=1,
    )
    kept = episode["memory_label"].numpy() < present
    memory = tf.boolean_mask(episode["memory"], kept)
    log_posterior = scorer.address(episode["x"][present:], memory)["log_posterior"]
    inference = AddressInference(
        target=episode["x"][present, ..., 0].numpy(),
        entries=memory.numpy()[..., 0],
        probabilities=np.exp(log_posterior[0].numpy()),
        memory_label=episode["memory_label"].numpy()[kept],
        target_label=present,
    )
    return Illustration(
        "address_histogram_absent",
        "Inference over the address: a character that is not in memory",
        "q(a | x) over all entries in memory, none of which shows the target's character; below, "
        "the target and the five most probable entries with their probabilities and the numbers of "
        "their characters. The target is the first that was drawn.",
        _histogram(inference),
    )


def infer_addresses(
    scorer: AddressScorer, characters: CharacterSet, seed: int
) -> Iterator[AddressInference]:
    """Targets of 40 random episodes, one of each character in memory, in random order."""
    address = tf.function(scorer.address)
    generator = np.random.default_rng(seed)
    for episode in one_target_each(
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
        _histogram(inference),
    )


def _histogram(inference: AddressInference) -> bytes:
    return png(
        address_histogram(
            inference.target,
            inference.entries,
            inference.probabilities,
            inference.memory_label,
            inference.target_label,
        )
    )


def show_reconstructions(scorer: Scorer, source: Source, seed: int) -> Illustration:
    """Targets, entries read where there are some to show, and reconstructions, two samples each."""
    episode, in_memory = shown_episode(source, seed)
    memory = episode["memory"] if scorer.takes_memory else None
    drawn = scorer.reconstruct(
        episode["x"], memory, tf.constant(2, tf.int32), tf.constant([seed, 1], tf.int32)
    )
    targets, images = episode["x"].numpy()[..., 0], drawn["images"].numpy()[..., 0]
    if not reads_labels(scorer):
        return Illustration(
            "reconstructions",
            "Reconstructions",
            f"Each column: a target and two reconstructions{_how_reconstructed(scorer)}.",
            png(plain_reconstructions(targets, images)),
        )
    read = drawn["address"]
    right = tf.equal(tf.gather(episode["memory_label"], read), episode["x_label"])
    one = "the target's character" if isinstance(source, CharacterSet) else "the target itself"
    return Illustration(
        "reconstructions",
        "Reconstructions",
        f"Each column: a target, and twice an entry that was read for it, a ~ q(a | x), among "
        f"{in_memory}, with the reconstruction p(x | z, m_a), z ~ q(z | x, m_a). A blue frame: the "
        f"entry shows {one}; an orange one: it shows another.",
        png(
            reconstructions(
                targets,
                tf.gather(memory, read).numpy()[..., 0],
                images,
                right.numpy(),
            )
        ),
    )


def _how_reconstructed(scorer: Scorer) -> str:
    if scorer.has_address:
        return " p(x | z, m_a), a ~ q(a | x), z ~ q(z | x, m_a)"
    if scorer.takes_memory:
        return (
            " p(x | z, m(z)), z ~ q(z | x), with examples of all these characters in memory, of "
            "which every read is a mean"
        )
    return " p(x | z), z ~ q(z | x)"
