"""Episodes of the same targets, whatever is in memory with them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.data.test_rotations import CHARACTERS, DRAWINGS, numbered, numbers
from tfvma.data.same_targets import same_targets
from tfvma.errors import DataError, InvalidArgumentError


def episodes(
    num_classes: int, shots: int, *, num_turns: int, targets_per_class: int = 2, seed: int = 3
) -> list[dict]:
    return list(
        same_targets(
            numbered(),
            num_classes=num_classes,
            targets_per_class=targets_per_class,
            shots=shots,
            num_turns=num_turns,
            seed=seed,
        )
    )


def targets(drawn: list[dict]) -> list[int]:
    return np.concatenate([numbers(episode["x"]) for episode in drawn]).tolist()


@pytest.mark.parametrize("num_classes", [1, 2, 3, 5])
@pytest.mark.parametrize("shots", [1, 18])
@pytest.mark.parametrize("num_turns", [2, 4, 5, 13])
def test_targets_depend_on_neither_characters_nor_examples(num_classes, shots, num_turns):
    reference = targets(episodes(1, 4, num_turns=num_turns))
    assert len(reference) == 2 * num_turns
    assert targets(episodes(num_classes, shots, num_turns=num_turns)) == reference


@pytest.mark.parametrize("num_classes", [1, 2, 3, 5])
def test_with_all_turns_every_drawing_is_a_target_once(num_classes):
    drawn = episodes(num_classes, 1, num_turns=CHARACTERS * DRAWINGS // 2)
    assert sorted(targets(drawn)) == list(range(CHARACTERS * DRAWINGS))


def test_every_character_has_its_turn_before_one_has_a_second():
    turns = np.array(targets(episodes(2, 1, num_turns=15)))[::2] // DRAWINGS
    rounds = turns.reshape(3, CHARACTERS)
    assert (np.sort(rounds) == np.arange(CHARACTERS)).all()
    assert len({tuple(order) for order in rounds.tolist()}) > 1


@pytest.mark.parametrize(("num_classes", "shots"), [(1, 3), (2, 1), (3, 18), (5, 7)])
def test_labels_and_characters_are_those_of_the_drawings(num_classes, shots):
    for episode in episodes(num_classes, shots, num_turns=13):
        memory, x = numbers(episode["memory"]), numbers(episode["x"])
        assert len(set(memory)) == num_classes * shots and not set(memory) & set(x)
        present = memory[::shots] // DRAWINGS
        assert len(set(present)) == num_classes
        np.testing.assert_array_equal(memory // DRAWINGS, present[episode["memory_label"]])
        np.testing.assert_array_equal(x // DRAWINGS, present[episode["x_label"]])
        np.testing.assert_array_equal(x // DRAWINGS, episode["character"])


def test_the_last_of_a_round_is_filled_with_the_first_characters():
    *_, first, last, _, _ = episodes(2, 1, num_turns=8)
    assert [len(episode["x"]) for episode in (first, last)] == [4, 2]
    (begun, *_) = episodes(2, 1, num_turns=8)
    own, filled = numbers(last["memory"]) // DRAWINGS
    assert own == last["character"][0] and filled == begun["character"][0]


def test_more_examples_keep_those_that_were_there():
    for few, many in zip(episodes(3, 2, num_turns=7), episodes(3, 9, num_turns=7), strict=True):
        assert set(numbers(few["memory"])) < set(numbers(many["memory"]))


def test_another_seed_has_other_targets():
    assert targets(episodes(2, 1, num_turns=6)) != targets(episodes(2, 1, num_turns=6, seed=4))


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"num_classes": 0}, InvalidArgumentError, "num_classes=0: expected at least 1"),
        ({"num_turns": 0}, InvalidArgumentError, "num_turns=0: expected at least 1"),
        ({"num_classes": 6}, DataError, r"num_classes=6: 'omniglot26' \(test\) has 5 characters"),
        ({"shots": 19}, DataError, "targets_per_class=2 and shots=19 make 21 drawings of a"),
        ({"num_turns": 51}, DataError, "102 targets: .* has 100 drawings that can be targets once"),
        (
            {"num_turns": 31, "targets_per_class": 3},
            DataError,
            "93 targets: .* has 90 drawings .*, 3 of a character at a time",
        ),
    ],
)
def test_more_than_there_is_is_an_error(changed, error, message):
    arguments = {"num_classes": 2, "shots": 1, "num_turns": 2, **changed}
    with pytest.raises(error, match=message):
        episodes(**arguments)
