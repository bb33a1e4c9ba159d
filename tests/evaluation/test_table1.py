"""The cells of table 1 on a model of which everything can be enumerated."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from tests.evaluation.conftest import numbered_characters
from tfvma.data.same_targets import same_targets
from tfvma.evaluation.measure import amount, check_data, measure
from tfvma.evaluation.protocols import Table1, choose_protocols, table1
from tfvma.evaluation.standard_error import grouped_mean

SEED = 5
# The chance that a pixel differs from that of the entry.
FLIP = 0.125


class Copies:
    """x is an entry, each as probable, whose pixels are flipped at times: log p(x | M) is exact."""

    has_address = takes_memory = True

    def address(self, x, memory):
        size = tf.cast(tf.shape(memory)[0], tf.float32)
        log_px = self._log_px(x, memory)
        return {
            "log_posterior": tf.nn.log_softmax(log_px),
            "log_prior": -tf.math.log(size) * tf.ones_like(log_px[0]),
        }

    def score(self, x, memory, num_samples, seed):
        address = self.address(x, memory)
        posterior = tf.exp(address["log_posterior"])
        log_px = self._log_px(x, memory)
        log_ratio = address["log_posterior"] - address["log_prior"]
        return {
            "log_likelihood": tf.reduce_logsumexp(address["log_prior"] + log_px, axis=1),
            "kl_address": tf.reduce_sum(posterior * log_ratio, axis=1),
            "kl_latent": tf.zeros([tf.shape(x)[0]]),
            "reconstruction": tf.reduce_sum(posterior * log_px, axis=1),
        }

    def _log_px(self, x, memory):
        """[B, M]."""
        differ = tf.reduce_sum(tf.abs(x[:, tf.newaxis] - memory), axis=(2, 3, 4))
        pixels = tf.cast(tf.size(x[0]), tf.float32)
        return differ * math.log(FLIP) + (pixels - differ) * math.log1p(-FLIP)


@pytest.fixture(scope="module")
def characters():
    return numbered_characters()


def episodes_of(protocol, characters) -> list[dict[str, np.ndarray]]:
    drawn = same_targets(
        characters,
        num_classes=protocol.num_classes,
        targets_per_class=1,
        shots=protocol.shots,
        num_turns=protocol.targets,
        seed=SEED,
    )
    return [{name: value.numpy() for name, value in episode.items()} for episode in drawn]


def test_there_is_a_cell_for_each_of_the_papers():
    cells = choose_protocols("table1")
    assert cells == table1() and len(cells) == 28
    assert [cell.name for cell in cells[6:8]] == ["table1 C=1 S=19", "table1 C=2 S=1"]
    # A drawing of each character of the test set.
    assert {(cell.num_targets, cell.num_samples) for cell in cells} == {(659, (1_000,))}
    assert {cell.num_samples for cell in table1(targets=9, num_samples=(2, 3))} == {(2, 3)}


@pytest.mark.parametrize(("num_classes", "shots"), [(1, 1), (2, 4), (16, 11)])
def test_nll_is_that_of_the_enumeration(characters, num_classes, shots):
    """Targets are one drawing of each character, the memory `shots` others of each."""
    protocol = Table1(num_classes, shots, targets=32, num_samples=(3,))
    rows = {row.metric: row for row in measure(Copies(), protocol, characters, SEED)}
    episodes = episodes_of(protocol, characters)
    nll, shown = [], []
    for episode in episodes:
        assert episode["memory"].shape[0] == num_classes * shots
        for x in episode["x"].astype(np.float64):
            likelihood = 0.0
            for entry in episode["memory"].astype(np.float64):
                assert not np.array_equal(x, entry)
                same = x == entry
                likelihood += np.prod(np.where(same, 1.0 - FLIP, FLIP)) / len(episode["memory"])
            nll.append(-np.log(likelihood))
        shown += episode["character"].tolist()
    assert len(nll) == rows["nll"].targets == 32
    assert rows["nll"].num_samples == 3
    expected = grouped_mean(np.array(nll), np.array(shown))
    assert rows["nll"].estimate == pytest.approx(expected, rel=1e-5)
    assert amount(protocol, characters) == (32, "target")


def test_all_cells_score_the_same_targets(characters):
    cells = (Table1(1, 1, 21), Table1(4, 10, 21), Table1(16, 3, 21))
    first, *others = (
        np.concatenate([episode["x"] for episode in episodes_of(cell, characters)])
        for cell in cells
    )
    for other in others:
        np.testing.assert_array_equal(first, other)


def test_rows_are_those_of_few_shot(characters):
    rows = measure(Copies(), Table1(2, 3, targets=8, num_samples=(4,)), characters, SEED)
    assert {row.metric for row in rows} == {
        "nll",
        "kl_a",
        "kl_z",
        "reconstruction",
        "address_accuracy",
    }


def test_the_papers_cells_need_twenty_drawings(characters):
    with pytest.raises(ValueError, match=r"shots=19: .* has 12 drawings of each character"):
        check_data(Table1(1, 19), characters)
