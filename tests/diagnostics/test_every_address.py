"""log p(x, a) of all slots, against the one-by-one enumeration that estimators have."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.models.tiny_vma import NUM_SAMPLES, SEEDS, SLOTS, episode, learned_model, tiny_model
from tfvma import bounds
from tfvma.diagnostics.every_address import AddressEnumerator
from tfvma.estimators import Exact
from tfvma.models.vma import VariationalMemoryAddressing

SEED = tf.constant([1, 2])


@pytest.fixture
def noise(monkeypatch):
    """Sets what z is drawn with: numbers for equal parts of the sample axis."""

    def set_noise(*values: float):
        def constant(shape, seed):
            repeated = tf.repeat(tf.constant(values), shape[0] // len(values))
            return tf.broadcast_to(repeated[:, tf.newaxis, tf.newaxis], shape)

        monkeypatch.setattr("tfvma.models.inference.standard_normal", constant)

    return set_noise


def enumerated(model: VariationalMemoryAddressing, x, memory):
    """log p(x, a), [M, B], at one z for each slot, and log q(a | x)."""
    inference = model.infer(x, memory, NUM_SAMPLES, SEEDS, Exact())
    log_pa, log_pz, log_px, _, log_qz = inference.densities
    return log_pa + bounds.latent_log_weights(log_pz, log_px, log_qz), inference


@pytest.mark.parametrize("decoded_at_once", [1, 16, 4_096])
@pytest.mark.parametrize("make", [tiny_model, learned_model])
def test_several_z_are_a_mean_over_each_slot(noise, monkeypatch, make, decoded_at_once):
    monkeypatch.setattr("tfvma.diagnostics.every_address._DECODED_AT_ONCE", decoded_at_once)
    model, e = make(), episode()
    x, memory = e["x"], e["memory"] if model.takes_memory else None
    alone = []
    for value in (0.5, -1.0):
        noise(value)
        log_joint, inference = enumerated(model, x, memory)
        alone.append(np.float64(log_joint))
    noise(0.5, -1.0)
    every = AddressEnumerator(model, num_latents=2)(x, memory, SEED)
    np.testing.assert_allclose(every.log_joint, np.logaddexp(*alone) - np.log(2), rtol=1e-5)
    np.testing.assert_allclose(every.log_posterior, inference.log_posterior, rtol=1e-5)
    np.testing.assert_allclose(every.log_prior, inference.densities.log_pa[:, 0], rtol=1e-5)


def test_noise_is_that_of_the_seed():
    model, e = tiny_model(), episode()
    enumerator = AddressEnumerator(model, num_latents=1)
    one, again, other = (
        enumerator(e["x"], e["memory"], tf.constant([0, n])).log_joint for n in (1, 1, 2)
    )
    assert one.shape == (SLOTS, e["x"].shape[0])
    np.testing.assert_array_equal(one, again)
    assert np.all(one != other)


def test_each_chunk_has_noise_of_its_own(monkeypatch):
    """Two slots that are alike, in chunks of one."""
    monkeypatch.setattr("tfvma.diagnostics.every_address._DECODED_AT_ONCE", 1)
    model, e = tiny_model(), episode()
    memory = tf.repeat(e["memory"][:1], 2, axis=0)
    first, second = AddressEnumerator(model, num_latents=1)(e["x"], memory, SEED).log_joint
    assert np.all(first != second)
