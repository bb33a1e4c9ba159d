"""The model with a learned memory, and with vectors for entries."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.models.tiny_vma import (
    NUM_SAMPLES,
    SEEDS,
    TARGETS,
    dense_model,
    episode,
    fit_once,
    images,
    learned_model,
    weights_of,
)
from tfvma.layers.memory import EpisodicMemory
from tfvma.models.vma import METRICS


def test_learned_memory_fits_without_one_in_the_episode():
    model = learned_model()
    before = weights_of(model)
    logs = fit_once(model, {"x": images(TARGETS, 0)}, {"x": images(TARGETS, 1)})
    assert set(logs) == set(METRICS)
    assert np.isfinite(list(logs.values())).all()
    (memory,) = (path for path in before if path.endswith("slots"))
    assert np.any(weights_of(model)[memory] != before[memory])


def test_learned_memory_compiles():
    logs = fit_once(learned_model(), {"x": images(TARGETS, 0)}, jit_compile=True)
    expected = fit_once(learned_model(), {"x": images(TARGETS, 0)})
    assert logs == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_a_large_learned_memory_learns_where_it_was_read():
    model = learned_model(memory_size=100)
    slots = model.memory.slots
    before = slots.numpy()
    # The keys move every slot through q(a|x); without them only reads do.
    model.addressing.trainable = False
    with tf.GradientTape() as tape:
        inference = model.infer(images(TARGETS, 0), None, NUM_SAMPLES, SEEDS)
        total = tf.reduce_sum(inference.densities.log_px)
    gradient = tf.convert_to_tensor(tape.gradient(total, slots.value)).numpy()
    moved = np.flatnonzero(np.any(gradient != 0.0, axis=1))
    # An entry that was read may still lie where every ReLU is off.
    assert moved.size > 0
    assert set(moved) <= set(inference.proposal.address.numpy().ravel())
    assert before.shape == gradient.shape


def test_episodic_entries_through_dense_layers():
    """Train to recall (paper, section 4.1): images in memory, the dense network."""
    model = dense_model(EpisodicMemory(name="memory"))
    assert np.isfinite(list(fit_once(model, episode(), episode(1)).values())).all()
