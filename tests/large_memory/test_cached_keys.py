"""The table of keys: its refresh, its densities, and what gradient is left of the full one."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.large_memory.reference import log_probs, vectors
from tfvma import bounds
from tfvma.data import load_characters
from tfvma.distributions import latent_distribution, likelihood
from tfvma.errors import InvalidArgumentError
from tfvma.estimators import LogDensities, Vimco
from tfvma.large_memory import CachedKeys, keys_of, queries_of
from tfvma.layers import (
    Addressing,
    ConvDecoder,
    ConvEmbedding,
    ConvPosterior,
    ConvPyramid,
    GaussianHead,
    MLPEmbedding,
)
from tfvma.sampling import sample_normal

SEED = tf.constant([3, 4], tf.int32)
TARGETS, SLOTS, KEY_DIM, NUM_SAMPLES = 3, 40, 4, 5
X, ENTRIES = tf.constant(vectors(TARGETS, 0)), tf.constant(vectors(SLOTS, 1))


def addressing(similarity: str = "normalized") -> Addressing:
    keras.utils.set_random_seed(1)
    layer = Addressing(MLPEmbedding(KEY_DIM, (8,)), MLPEmbedding(KEY_DIM, (8,)), similarity)
    layer.build((None, 8), (None, 8))
    layer.prior_query.assign(vectors(1, 2, size=KEY_DIM)[0])
    return layer


def filled(layer: Addressing, refresh_every: int = 1, slots: int = SLOTS) -> CachedKeys:
    cached = CachedKeys(slots, KEY_DIM, refresh_every)
    cached.refresh_all(layer, ENTRIES[:slots])
    return cached


def age(layer: Addressing) -> None:
    """Changes h, as training does."""
    for weight in layer.trainable_weights:
        weight.assign(weight + 0.3)


def test_table_holds_the_keys():
    layer = addressing()
    np.testing.assert_allclose(filled(layer).table, keys_of(layer, ENTRIES), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("refresh_every", [1, 3, 7, 100])
def test_no_key_is_older_than_stated(refresh_every):
    layer = addressing()
    cached = filled(layer, refresh_every)
    age(layer)
    fresh = keys_of(layer, ENTRIES).numpy()
    per_step = -(-SLOTS // refresh_every)
    for step in range(1, min(refresh_every, SLOTS) + 1):
        cached.refresh(layer, ENTRIES)
        done = min(step * per_step, SLOTS)
        changed = np.all(np.isclose(cached.table, fresh, rtol=1e-4, atol=1e-5), axis=1)
        np.testing.assert_array_equal(changed, np.arange(SLOTS) < done)


def test_refresh_in_several_chunks():
    layer = addressing()
    entries = tf.constant(vectors(600, 1))
    cached = CachedKeys(600, KEY_DIM, 1)
    tf.function(cached.refresh)(layer, entries)
    np.testing.assert_allclose(cached.table, keys_of(layer, entries), rtol=1e-4, atol=1e-5)


def test_stale_densities_are_those_of_the_table():
    layer = addressing()
    cached = filled(layer, 100)
    age(layer)
    reading, entries, slot = cached.read(layer, X, ENTRIES, NUM_SAMPLES, SEED)
    address = reading.address.numpy()
    log_q = log_probs(queries_of(layer, X), cached.table.numpy())
    log_p = log_probs(layer.prior_query.numpy()[np.newaxis], cached.table.numpy())[0]
    np.testing.assert_allclose(reading.log_qa, log_q[np.arange(TARGETS), address], atol=1e-5)
    np.testing.assert_allclose(reading.log_pa, log_p[address], atol=1e-5)
    np.testing.assert_array_equal(tf.gather(entries, slot), tf.gather(ENTRIES, address))
    assert len(entries) == len(np.unique(address))


@pytest.mark.parametrize("similarity", ["normalized", "inner", "cosine"])
@pytest.mark.parametrize("slots", [2, SLOTS], ids=["all drawn", "some drawn"])
def test_fresh_gradient_is_the_ordinary_one_with_undrawn_keys_held(slots, similarity):
    """Of VIMCO's surrogate, for every weight; with all entries drawn nothing is held."""
    layer, entries = addressing(similarity), ENTRIES[:slots]
    cached = filled(layer, slots=slots)
    others = [tf.constant(vectors(NUM_SAMPLES, seed, size=TARGETS)) for seed in (5, 6, 7)]

    def surrogate(log_pa, log_qa):
        log_pz, log_px, log_qz = others
        densities = LogDensities(log_pa, log_pz, log_px, log_qa, log_qz)
        return tf.reduce_mean(Vimco().surrogate(densities))

    with tf.GradientTape() as tape:
        reading = cached.read(layer, X, entries, NUM_SAMPLES, SEED).reading
        ours = surrogate(reading.log_pa, reading.log_qa)
    found = tape.gradient(ours, layer.trainable_weights)

    drawn = np.isin(np.arange(slots), reading.address)
    assert drawn.all() == (slots == 2)
    with tf.GradientTape() as tape:
        keys = layer.keys(entries)
        keys = tf.where(drawn[:, np.newaxis], keys, tf.stop_gradient(keys))
        one_hot = tf.one_hot(reading.address, slots)
        log_qa = tf.reduce_sum(one_hot * layer.log_posterior(X, keys), axis=-1)
        log_pa = tf.reduce_sum(one_hot * layer.log_prior(keys), axis=-1)
        full = surrogate(log_pa, log_qa)
    expected = tape.gradient(full, layer.trainable_weights)
    np.testing.assert_allclose(ours, full, rtol=1e-5)
    for weight, ours, full in zip(layer.trainable_weights, found, expected, strict=True):
        np.testing.assert_allclose(ours, full, rtol=1e-3, atol=1e-5, err_msg=weight.path)


def test_trains_on_four_thousand_drawings():
    """The few-shot model's layers around a table: every weight moves, and the table with h."""
    drawings = load_characters("strokes", "train").drawings.reshape(-1, 26, 26, 1)
    memory = tf.constant(drawings[:4096], tf.float32)
    x = tf.constant(drawings[4096:4104], tf.float32)
    sizes = {"filters": (2, 3), "hidden_units": 4}
    layer = Addressing(ConvEmbedding(KEY_DIM, **sizes), ConvEmbedding(KEY_DIM, **sizes))
    pyramid, prior = ConvPyramid((2, 3)), GaussianHead(2, 4)
    posterior, decoder = ConvPosterior(2, **sizes), ConvDecoder(26, 2, **sizes)
    layer.build(x.shape, memory.shape)
    cached = CachedKeys(4096, KEY_DIM, refresh_every=16)
    cached.refresh_all(layer, memory)
    optimizer = keras.optimizers.Adam(0.01)

    def log_densities(seed):
        reading, entries, slot = cached.read(layer, x, memory, NUM_SAMPLES, seed)
        features = pyramid(entries)
        flat = tf.reshape(slot, [-1])
        p_latent = latent_distribution(*(tf.gather(p, flat) for p in prior(features[-1])))
        targets = tf.tile(x, [NUM_SAMPLES, 1, 1, 1])
        loc, scale = posterior(targets, tf.gather(entries, flat))
        z = sample_normal(loc, scale, seed + 1)
        logits = decoder(z, [tf.gather(feature, flat) for feature in features])
        shape = [NUM_SAMPLES, -1]
        return LogDensities(
            log_pa=reading.log_pa,
            log_pz=tf.reshape(p_latent.log_prob(z), shape),
            log_px=tf.reshape(likelihood(logits).log_prob(targets), shape),
            log_qa=reading.log_qa,
            log_qz=tf.reshape(latent_distribution(loc, scale).log_prob(z), shape),
        )

    log_densities(SEED)  # Builds the layers.
    weights = [
        w for part in (layer, pyramid, prior, posterior, decoder) for w in part.trainable_weights
    ]
    optimizer.build(weights)

    @tf.function
    def step(seed):
        cached.refresh(layer, memory)
        with tf.GradientTape() as tape:
            densities = log_densities(seed)
            loss = -tf.reduce_mean(Vimco().surrogate(densities))
        optimizer.apply(tape.gradient(loss, weights), weights)
        return tf.reduce_mean(bounds.iw_bound(bounds.log_weights(*densities)))

    before, table = [w.numpy() for w in weights], cached.table.numpy()
    values = [float(step(SEED + i)) for i in range(3)]
    assert np.isfinite(values).all()
    assert all(np.any(w.numpy() != old) for w, old in zip(weights, before, strict=True))
    # The first refresh comes before the first update; the table then follows h, in turn.
    moved = np.flatnonzero(np.any(np.abs(cached.table.numpy() - table) > 1e-4, axis=1))
    assert 256 <= moved.min() < moved.max() < 3 * 256


def test_saves_and_reloads(tmp_path: Path):
    layer = addressing()
    cached = filled(layer, 3)
    cached.refresh(layer, ENTRIES)
    config = cached.get_config()
    again = CachedKeys.from_config(config)
    assert again.get_config() == config
    for one, path in ((cached, "save"), (again, "load")):
        holder = keras.Sequential([keras.Input(()), keras.layers.Identity()])
        holder.cached = one
        getattr(holder, f"{path}_weights")(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(again.table.numpy(), cached.table.numpy())
    assert int(again.next_slot) == int(cached.next_slot) == 14


@pytest.mark.parametrize("name", ["memory_size", "key_dim", "refresh_every"])
def test_numbers_out_of_range_are_named(name):
    options = {"memory_size": 4, "key_dim": 3, "refresh_every": 2, name: 0}
    with pytest.raises(InvalidArgumentError, match=f"{name}=0: expected at least 1"):
        CachedKeys(**options)


def test_a_memory_of_another_size_is_named():
    layer = addressing()
    cached = filled(layer)
    for call in (
        lambda: cached.refresh(layer, ENTRIES[:7]),
        lambda: cached.read(layer, X, ENTRIES[:7], NUM_SAMPLES, SEED),
    ):
        with pytest.raises(InvalidArgumentError, match=r"entries of shape \(7, 8\): expected 40"):
            call()


def test_a_memory_whose_size_shows_only_when_it_is_read_is_checked_then():
    """More entries than keys would never be addressed."""
    layer = addressing()
    cached = filled(layer)

    @tf.function(input_signature=[tf.TensorSpec([None, 8])])
    def addresses(entries):
        return cached.read(layer, X, entries, NUM_SAMPLES, SEED).reading.address

    assert addresses(ENTRIES).shape == (NUM_SAMPLES, TARGETS)
    message = r"expected equal lengths, got entries and keys of lengths.*\[41 40\]"
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"(?s){message}"):
        addresses(tf.concat([ENTRIES, ENTRIES[:1]], axis=0))
