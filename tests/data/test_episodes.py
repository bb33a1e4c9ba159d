"""Episodes of drawings that carry their own number, so that each can be recognised."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tfvma.data.characters import CharacterSet
from tfvma.data.choice import largest
from tfvma.data.episodes import episodes
from tfvma.data.indices import Share
from tfvma.errors import DataError, InvalidArgumentError

CHARACTERS, DRAWINGS = 7, 5
SIZES = {"num_classes": 3, "targets_per_class": 2, "shots": 3}


@pytest.fixture(scope="module")
def characters() -> CharacterSet:
    """The pixels of a drawing are the bits of its number, character * DRAWINGS + drawing."""
    number = np.arange(CHARACTERS * DRAWINGS)
    bits = (number[:, np.newaxis] >> np.arange(6)) & 1
    return CharacterSet(
        "numbered",
        "train",
        bits.reshape(CHARACTERS, DRAWINGS, 2, 3).astype(np.uint8),
        tuple(f"A_{i}" for i in range(CHARACTERS)),
    )


def numbers(images: np.ndarray) -> np.ndarray:
    return (images.reshape(len(images), 6) @ (2 ** np.arange(6))).astype(int)


def read(dataset: tf.data.Dataset) -> list[dict[str, np.ndarray]]:
    return list(dataset.as_numpy_iterator())


def assert_equal(first, second):
    assert len(first) == len(second) > 0
    for one, other in zip(first, second, strict=True):
        for key in one:
            np.testing.assert_array_equal(one[key], other[key])


def test_element_shapes_are_static(characters):
    assert episodes(characters, **SIZES, seed=0).element_spec == {
        "x": tf.TensorSpec([6, 2, 3, 1], tf.float32),
        "memory": tf.TensorSpec([9, 2, 3, 1], tf.float32),
        "x_label": tf.TensorSpec([6], tf.int32),
        "memory_label": tf.TensorSpec([9], tf.int32),
    }


def test_labels_name_the_characters_and_no_drawing_is_used_twice(characters):
    for episode in read(episodes(characters, **SIZES, seed=0, num_episodes=200)):
        x, memory = numbers(episode["x"]), numbers(episode["memory"])
        np.testing.assert_array_equal(episode["x_label"], np.repeat([0, 1, 2], 2))
        np.testing.assert_array_equal(episode["memory_label"], np.repeat([0, 1, 2], 3))
        character_of_label = (x // DRAWINGS)[::2]
        assert len(set(character_of_label.tolist())) == 3
        np.testing.assert_array_equal(x // DRAWINGS, character_of_label[episode["x_label"]])
        np.testing.assert_array_equal(
            memory // DRAWINGS, character_of_label[episode["memory_label"]]
        )
        assert len({*x.tolist(), *memory.tolist()}) == 15


def test_every_drawing_serves_as_target_and_in_memory(characters):
    seen = read(episodes(characters, **SIZES, seed=0, num_episodes=200))
    for key in ("x", "memory"):
        used = np.concatenate([numbers(episode[key]) for episode in seen])
        assert set(used.tolist()) == set(range(CHARACTERS * DRAWINGS))


def test_choice_is_uniform_over_ordered_selections():
    """Independent random numbers come in every order with equal probability."""
    orders = np.array(list(itertools.permutations(range(5))), np.int32)
    chosen = largest(tf.constant(orders), 2).numpy()
    counts = dict.fromkeys(itertools.permutations(range(5), 2), 0)
    for pair in chosen:
        counts[tuple(pair.tolist())] += 1
    assert set(counts.values()) == {len(orders) // len(counts)}


def test_the_same_seed_gives_the_same_episodes(characters):
    first, again = (read(episodes(characters, **SIZES, seed=3, num_episodes=20)) for _ in "ab")
    assert_equal(first, again)


def test_reading_again_starts_again(characters):
    dataset = episodes(characters, **SIZES, seed=3, num_episodes=20)
    assert_equal(read(dataset), read(dataset))


def test_episodes_do_not_depend_on_the_platform(characters):
    """Philox and a choice among integers: these numbers hold on every machine."""
    (episode,) = read(episodes(characters, **SIZES, seed=2017, start=40_000, num_episodes=1))
    assert numbers(episode["x"]).tolist() == [12, 13, 18, 17, 1, 3]
    assert numbers(episode["memory"]).tolist() == [14, 10, 11, 16, 19, 15, 0, 2, 4]


def test_seeds_and_indices_give_different_episodes(characters):
    seen = [
        tuple(numbers(np.concatenate([episode["x"], episode["memory"]])).tolist())
        for seed in range(2)
        for episode in read(episodes(characters, **SIZES, seed=seed, num_episodes=50))
    ]
    assert len(set(seen)) == len(seen) == 100


@pytest.mark.parametrize("start", [1, 7, 19])
def test_start_equals_skipping(characters, start):
    whole = episodes(characters, **SIZES, seed=5, num_episodes=25)
    rest = episodes(characters, **SIZES, seed=5, start=start, num_episodes=25 - start)
    assert_equal(read(whole.skip(start)), read(rest))


def test_a_late_start_costs_nothing(characters):
    late = episodes(characters, **SIZES, seed=5, start=2**40, num_episodes=1)
    assert len(read(late)) == 1


def test_larger_episodes_keep_the_targets_of_smaller_ones(characters):
    def targets(num_classes, shots):
        dataset = episodes(
            characters,
            num_classes=num_classes,
            targets_per_class=2,
            shots=shots,
            seed=1,
            num_episodes=10,
        )
        return np.stack([numbers(episode["x"])[:4] for episode in read(dataset)])

    np.testing.assert_array_equal(targets(2, 1), targets(7, 3))


def test_cardinality(characters):
    assert len(episodes(characters, **SIZES, seed=0, start=4, num_episodes=9)) == 9
    endless = episodes(characters, **SIZES, seed=0)
    assert endless.cardinality() == tf.data.INFINITE_CARDINALITY


def test_all_characters_and_drawings_can_be_used(characters):
    sizes = {"num_classes": CHARACTERS, "targets_per_class": 1, "shots": DRAWINGS - 1}
    (episode,) = read(episodes(characters, **sizes, seed=np.int64(0), num_episodes=1))
    used = np.concatenate([numbers(episode["x"]), numbers(episode["memory"])])
    assert sorted(used.tolist()) == list(range(CHARACTERS * DRAWINGS))


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"num_classes": 8}, DataError, "num_classes=8: 'numbered' .train. has 7 characters"),
        ({"shots": 4}, DataError, "targets_per_class=2 and shots=4 make 6.* has 5 of each"),
        ({"targets_per_class": 3}, DataError, "targets_per_class=3 and shots=3 make 6"),
        ({"num_classes": 0}, InvalidArgumentError, "num_classes=0: expected at least 1"),
        ({"targets_per_class": 0}, InvalidArgumentError, "targets_per_class=0: expected at"),
        ({"shots": -1}, InvalidArgumentError, "shots=-1: expected at least 1"),
        ({"shots": 2.0}, InvalidArgumentError, "shots=2.0: expected a whole number"),
        ({"shots": True}, InvalidArgumentError, "shots=True: expected a whole number"),
        ({"seed": -1}, InvalidArgumentError, "seed=-1: expected at least 0"),
        ({"seed": None}, InvalidArgumentError, "seed=None: expected a whole number"),
        ({"start": -1}, InvalidArgumentError, "start=-1: expected at least 0"),
        ({"num_episodes": 0}, InvalidArgumentError, "num_episodes=0: expected at least 1"),
    ],
)
def test_impossible_requests_are_refused_at_once(characters, changed, error, message):
    with pytest.raises(error, match=message):
        episodes(characters, **{**SIZES, "seed": 0, **changed})


def test_shares_together_are_all_episodes_in_blocks(characters):
    options = {**SIZES, "seed": 3, "start": 5}
    everything = read(episodes(characters, **options, num_episodes=8))
    for index, places in ((0, (0, 1, 4, 5)), (1, (2, 3, 6, 7))):
        share = episodes(characters, **options, share=Share(index, of=2, length=2))
        assert_equal(read(share.take(4)), [everything[place] for place in places])
