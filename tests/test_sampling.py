from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from tfvma import sampling
from tfvma.sampling import (
    addresses_at_strata,
    fine_uniform,
    sample_address,
    sample_addresses_by_inversion,
    sample_normal,
    stratified_addresses,
    uniform,
)

SEED = tf.constant([3, 4], tf.int32)
LOG_PROBS = tf.math.log(tf.constant([[0.5, 0.3, 0.2], [0.05, 0.05, 0.9]]))


def test_addresses_are_int32_per_sample_and_row():
    address = sample_address(LOG_PROBS, 7, SEED)
    assert address.shape == (7, 2)
    assert address.dtype == tf.int32
    assert set(np.unique(address)) <= {0, 1, 2}


def test_the_seed_alone_decides():
    first, again = (sample_address(LOG_PROBS, 64, SEED) for _ in range(2))
    other = sample_address(LOG_PROBS, 64, SEED + 1)
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


def test_addresses_are_the_argmax_of_gumbel_noise():
    """Gumbel-max: the argmax of log p + g is exactly a draw from p."""
    gumbel = -np.log(-np.log(np.float64(uniform([50, 2, 3], SEED))))
    expected = np.argmax(LOG_PROBS.numpy() + gumbel, axis=-1)
    np.testing.assert_array_equal(sample_address(LOG_PROBS, 50, SEED), expected)


def test_frequencies():
    num_samples = 100_000
    address = sample_address(LOG_PROBS, num_samples, SEED).numpy()
    found = np.stack([np.mean(address == a, axis=0) for a in range(3)], axis=-1)
    probs = np.exp(LOG_PROBS)
    # The seed is fixed; five standard deviations leave room for another generator.
    deviation = np.sqrt(probs * (1 - probs) / num_samples)
    assert np.all(np.abs(found - probs) < 5 * deviation)


def test_unnormalised_logits_draw_the_same():
    np.testing.assert_array_equal(
        sample_address(LOG_PROBS + 2.0, 64, SEED), sample_address(LOG_PROBS, 64, SEED)
    )


def test_impossible_addresses_are_never_drawn():
    log_probs = tf.constant([[-np.inf, 0.0, -np.inf]], tf.float32)
    np.testing.assert_array_equal(sample_address(log_probs, 1000, SEED), np.ones((1000, 1)))


def test_one_slot():
    np.testing.assert_array_equal(sample_address(tf.zeros([3, 1]), 4, SEED), np.zeros((4, 3)))


# By inversion.


def inverted(log_probs, num_samples: int) -> np.ndarray:
    return sample_addresses_by_inversion(tf.constant(log_probs, tf.float32), num_samples, SEED)


def long_uniform(shape) -> np.ndarray:
    bits = tf.random.stateless_uniform(
        shape, SEED, minval=None, maxval=None, dtype=tf.uint64, alg="philox"
    )
    return ((bits.numpy() >> 12) + 0.5) / 2.0**52


@pytest.mark.parametrize("memory_size", [1, 2, 37, 5_000])
def test_inversion_against_the_exact_distribution_function(memory_size):
    """u falls between the sums below and up to its address, summed without rounding."""
    logits = np.random.default_rng(1).normal(scale=4.0, size=(3, memory_size))
    log_probs = np.asarray(tf.nn.log_softmax(tf.constant(logits, tf.float32)))
    address = inverted(log_probs, 400).numpy()
    u = long_uniform([400, 3])
    assert address.shape == (400, 3)
    for row in range(3):
        probs = np.exp(np.float64(log_probs[row]))
        below = [math.fsum(probs[:a]) for a in address[:, row]]
        up_to = [math.fsum(probs[: a + 1]) for a in address[:, row]]
        scaled = u[:, row] * math.fsum(probs)
        # No u of this seed is within the rounding of a sum of 5,000 numbers.
        assert np.all(below <= scaled) and np.all(scaled < up_to)


@pytest.mark.parametrize("offset", [np.log(2.0), 1_000.0, -1_000.0])
def test_inversion_draws_unnormalised_rows_alike(offset):
    """Also those whose probabilities float64 does not have."""
    rounded = np.float32(LOG_PROBS + offset) - np.float64(offset)
    np.testing.assert_array_equal(inverted(LOG_PROBS + offset, 64), inverted(rounded, 64))
    assert len(np.unique(inverted(LOG_PROBS + offset, 64))) > 1


def test_inversion_never_draws_what_is_impossible():
    log_probs = np.full((1, 9), -np.inf)
    log_probs[0, [2, 5]] = np.log(0.5)
    assert set(np.unique(inverted(log_probs, 1_000))) == {2, 5}


@pytest.mark.parametrize(("bits", "address"), [(0, 1), (2**64 - 1, 3)], ids=["least", "most"])
@pytest.mark.parametrize("total", [1.0, 1.0 + 2**-20, 3.0])
def test_inversion_at_both_ends(bits, address, total, monkeypatch):
    def constant(shape, seed, minval, maxval, dtype, alg):
        return tf.fill(shape, tf.constant(bits, dtype))

    monkeypatch.setattr(sampling.tf.random, "stateless_uniform", constant)
    with np.errstate(divide="ignore"):
        log_probs = np.log([[0.0, 0.5 * total, 0.25 * total, 0.25 * total, 0.0]])
    np.testing.assert_array_equal(inverted(log_probs, 1), [[address]])


def test_inversion_tells_tiny_probabilities_apart():
    """float32 sums would lose slots of 1e-9 beside one of almost 1, or make them 60 times that."""
    log_probs = np.log(np.concatenate([[1.0], np.full(2_000, 1e-9)]))[np.newaxis]
    cumulative = np.cumsum(np.exp(np.float64(np.float32(log_probs[0]))))
    assert np.all(np.diff(cumulative) > 0.9e-9)
    assert len(np.unique(np.cumsum(np.exp(np.float32(log_probs[0])), dtype=np.float32))) < 100
    expected = np.searchsorted(
        cumulative, long_uniform([20_000, 1])[:, 0] * cumulative[-1], "right"
    )
    np.testing.assert_array_equal(inverted(log_probs, 20_000)[:, 0], expected)


def test_inversion_of_nan_stays_in_range():
    """The score then becomes NaN, which its callers look for."""
    address = inverted([[np.nan, 0.0, 0.0]], 10)
    assert np.all((address >= 0) & (address < 3))


def test_uniform_numbers_are_centred_on_their_cells():
    cells = np.float64(uniform([10_000], SEED)) * 2.0**23
    np.testing.assert_array_equal(cells % 1.0, 0.5)
    assert abs(cells.mean() / 2.0**23 - 0.5) < 5 / math.sqrt(12 * 10_000)


@pytest.mark.parametrize(("bits", "sign"), [(0, -1), (2**32 - 1, 1)], ids=["smallest", "largest"])
def test_noise_is_finite_at_both_ends(bits, sign, monkeypatch):
    def constant(shape, seed, minval, maxval, dtype, alg):
        return tf.fill(shape, tf.constant(bits, dtype))

    monkeypatch.setattr(sampling.tf.random, "stateless_uniform", constant)
    # Infinite noise would hide the probabilities and give address 0.
    np.testing.assert_array_equal(sample_address(LOG_PROBS, 1, SEED), [[0, 2]])
    z = sample_normal(tf.zeros([1]), tf.ones([1]), SEED)
    np.testing.assert_allclose(z, [sign * 5.2947], rtol=1e-4)


def draw_all():
    return {
        "uniform": uniform([64], SEED),
        "address": sample_address(LOG_PROBS, 64, SEED),
        "normal": sample_normal(tf.zeros([64]), tf.ones([64]), SEED),
    }


@pytest.mark.parametrize("jit_compile", [False, True])
def test_the_compiler_does_not_matter(jit_compile):
    eager, compiled = draw_all(), tf.function(draw_all, jit_compile=jit_compile)()
    np.testing.assert_array_equal(compiled["uniform"], eager["uniform"])
    np.testing.assert_array_equal(compiled["address"], eager["address"])
    np.testing.assert_allclose(compiled["normal"], eager["normal"], rtol=1e-5, atol=1e-6)


def test_the_number_of_samples_may_be_a_tensor():
    @tf.function(input_signature=[tf.TensorSpec([], tf.int32)])
    def draw(num_samples):
        return sample_address(LOG_PROBS, num_samples, SEED)

    np.testing.assert_array_equal(draw(5), sample_address(LOG_PROBS, 5, SEED))


def test_normal_is_affine_in_its_noise():
    loc, scale = tf.constant([[1.0, -2.0], [0.5, 0.0]]), tf.constant([[0.1, 2.0], [1.0, 3.0]])
    noise = sample_normal(tf.zeros([2, 2]), tf.ones([2, 2]), SEED)
    with tf.GradientTape() as tape:
        tape.watch([loc, scale])
        z = sample_normal(loc, scale, SEED)
    by_loc, by_scale = tape.gradient(z, [loc, scale])
    np.testing.assert_allclose(z, loc + scale * noise, rtol=1e-6)
    np.testing.assert_array_equal(by_loc, np.ones((2, 2)))
    np.testing.assert_array_equal(by_scale, noise)


def test_noise_is_the_normal_quantile_of_the_uniform():
    noise = sample_normal(tf.zeros([100]), tf.ones([100]), SEED)
    below = [0.5 * math.erfc(-z / math.sqrt(2)) for z in noise.numpy()]
    np.testing.assert_allclose(below, uniform([100], SEED), rtol=1e-5)


def test_fine_uniform_numbers_are_odd_multiples_of_their_spacing():
    numbers = fine_uniform([10_000], SEED).numpy()
    assert numbers.dtype == np.float64
    cells = [int(number * 2**53) for number in numbers]
    assert all(cell % 2 == 1 for cell in cells)
    assert 0 < min(cells) < max(cells) < 2**53


@pytest.mark.parametrize("bits", [0, 2**64 - 1], ids=["smallest", "largest"])
def test_fine_uniform_numbers_are_inside_at_both_ends(bits, monkeypatch):
    def constant(shape, seed, minval, maxval, dtype, alg):
        return tf.fill(shape, tf.constant(bits, dtype))

    monkeypatch.setattr(sampling.tf.random, "stateless_uniform", constant)
    expected = 2.0**-53 if bits == 0 else 1.0 - 2.0**-53
    np.testing.assert_array_equal(fine_uniform([1], SEED), [expected])


def test_strata_are_entered_at_one_random_number_for_each_row():
    u = fine_uniform(tf.constant([2]), SEED)
    expected = addresses_at_strata(LOG_PROBS, 5, u)
    np.testing.assert_array_equal(stratified_addresses(LOG_PROBS, 5, SEED), expected)


def test_one_address_of_all_is_drawn_as_its_distribution():
    """With K = 1 in rows that are alike, and not the same one in all of them."""
    rows = 100_000
    address = stratified_addresses(tf.repeat(LOG_PROBS[:1], rows, axis=0), 1, SEED).numpy()
    found = np.bincount(address[0], minlength=3) / rows
    probs = np.exp(LOG_PROBS[0])
    assert np.all(np.abs(found - probs) < 5 * np.sqrt(probs * (1 - probs) / rows))
