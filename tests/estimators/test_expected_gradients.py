"""What each estimator's gradient is on average, by enumeration in float64."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import tensorflow as tf

from tests.estimators.small_model import (
    GENERATIVE,
    TARGETS,
    SmallModel,
    all_tuples,
    assert_same,
    expected_gradient,
    flat,
    gradient_of,
    noise_of_slots,
    slope,
)
from tfvma import bounds
from tfvma.estimators import (
    Exact,
    ExactTopK,
    LogDensities,
    Marginal,
    MarginalTopK,
    Nvil,
    Ovis,
    Proposal,
    Reinforce,
    Vimco,
    WakeWake,
)
from tfvma.estimators.top_k import propose_top_and_rest
from tfvma.sampling import addresses_at_strata

MEMORY_SIZE = 3


def log_prob_of_samples(densities: LogDensities) -> tf.Tensor:
    """Of independent samples of q(a | x)."""
    return tf.reduce_sum(densities.log_qa, axis=0)


def tuples_of(model: SmallModel, num_samples: int, own_noise: bool = True):
    address = all_tuples(model.memory_size, num_samples)
    noise = noise_of_slots(address, model.latent_dim, own_noise)
    return lambda path=None: flat(model.at(address, noise, path))


def expected(model: SmallModel, estimator, num_samples: int, own_noise: bool = True):
    return expected_gradient(
        model, estimator, tuples_of(model, num_samples, own_noise), log_prob_of_samples
    )


def expected_bound(model: SmallModel, num_samples: int, own_noise: bool = True):
    """E L_K over addresses, with the noise of z fixed."""
    found = tuples_of(model, num_samples, own_noise)()
    probability = tf.exp(log_prob_of_samples(found))
    return probability * bounds.iw_bound(bounds.log_weights(*found))


def expected_elbo(model: SmallModel, num_samples: int):
    found = tuples_of(model, num_samples)()
    probability = tf.exp(log_prob_of_samples(found))
    return probability * bounds.elbo(bounds.log_weights(*found))


def nvil_with_baselines(deviation: float) -> Nvil:
    """One that has seen values around -3 with a deviation, and whose b(x) is not zero."""
    nvil = Nvil(hidden_units=4)
    nvil.build((4,))
    nvil.baseline.weights[2].assign(np.linspace(-1.0, 1.0, 4)[:, np.newaxis])
    nvil.running_mean.assign(-3.0)
    nvil.running_square.assign(9.0 + deviation**2)
    nvil.seen.assign(1.0)
    return nvil


@pytest.mark.parametrize("num_samples", [2, 3])
@pytest.mark.parametrize("memory_size", [1, 2, 3])
@pytest.mark.parametrize("name", ["reinforce", "nvil"])
def test_score_functions_follow_the_elbo(name, memory_size, num_samples):
    model = SmallModel(memory_size)
    estimator = Reinforce() if name == "reinforce" else nvil_with_baselines(deviation=0.5)
    exact = gradient_of(model, lambda: expected_elbo(model, num_samples))
    # The baseline is float32; its value does not matter.
    assert_same(expected(model, estimator, num_samples), exact)


def test_nvil_takes_one_sample():
    model = SmallModel(MEMORY_SIZE)
    exact = gradient_of(model, lambda: expected_elbo(model, 1))
    assert_same(expected(model, nvil_with_baselines(deviation=0.5), 1), exact)


def test_nvil_divides_a_large_signal_by_its_deviation():
    model = SmallModel(MEMORY_SIZE)
    steady = expected(model, nvil_with_baselines(deviation=1.0), 2)
    wild = expected(model, nvil_with_baselines(deviation=4.0), 2)
    assert_same({"queries": 4.0 * wild["queries"]}, steady, ["queries"], 1e-6)
    assert_same(wild, steady, ["decoder", "latent_posterior"])


@pytest.mark.parametrize("gamma", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("num_samples", [2, 3])
def test_ovis_is_vimco_and_gamma_times_wake(num_samples, gamma):
    model = SmallModel(MEMORY_SIZE)
    found = tuples_of(model, num_samples)

    def target():
        densities = found()
        weights = tf.nn.softmax(bounds.log_weights(*densities), axis=0)
        probability = tf.stop_gradient(tf.exp(log_prob_of_samples(densities)))
        wake = tf.reduce_sum(tf.stop_gradient(weights) * densities.log_qa, axis=0)
        return expected_bound(model, num_samples) + gamma * tf.reshape(probability * wake, [-1])

    assert_same(expected(model, Ovis(gamma), num_samples), gradient_of(model, target))


def test_ovis_without_gamma_differs_from_vimco_by_a_constant():
    """At each single draw, not only on average."""
    log_px = tf.constant(np.random.default_rng(0).normal(size=(4, 5), scale=3.0))
    signals = []
    for estimator in (Vimco(), Ovis(0.0)):
        log_qa = tf.zeros_like(log_px)
        with tf.GradientTape() as tape:
            tape.watch(log_qa)
            zeros = [tf.zeros_like(log_px)] * 2
            densities = LogDensities(zeros[0], zeros[1], log_px, log_qa, tf.zeros_like(log_px))
            surrogate = tf.reduce_sum(estimator.surrogate(densities))
        signals.append(tape.gradient(surrogate, log_qa).numpy())
    np.testing.assert_allclose(signals[1] - signals[0], -math.log(1 - 1 / 4), rtol=1e-10)


# Wake-wake.


def marginal_terms(model: SmallModel, noise_own: bool = False):
    """log p^(x, a) and log q(a | x), [M, B], with one noise of z for each slot."""
    address = np.repeat(np.arange(model.memory_size)[:, np.newaxis], TARGETS, axis=1)
    found = model.at(address, noise_of_slots(address, model.latent_dim, noise_own))
    log_joint = found.log_pa + found.log_px + found.log_pz - found.log_qz
    return log_joint, found.log_qa


def negative_posterior_divergence(model: SmallModel, log_joint: tf.Tensor):
    """-KL(p^(a | x) || q(a | x)) for given log p^(x, a)."""
    log_p = tf.nn.log_softmax(log_joint, axis=0)
    return -tf.reduce_sum(tf.exp(log_p) * (log_p - marginal_terms(model)[1]), axis=0)


def wake_error(num_samples: int) -> float:
    """Distance of the expected gradient in q(a | x) from that of -KL(p^ || q).

    Of K samples over two slots only the number at the second matters, which is binomial.
    """
    model = SmallModel(memory_size=2)
    counts = np.arange(num_samples + 1)
    address = (np.arange(num_samples)[:, np.newaxis] < counts[np.newaxis]).astype(np.int32)
    address = np.repeat(address[:, :, np.newaxis], TARGETS, axis=2)
    noise = noise_of_slots(address, model.latent_dim, own=False)
    choices = [math.lgamma(num_samples + 1) - math.lgamma(c + 1) - math.lgamma(num_samples - c + 1)
               for c in counts]  # fmt: skip
    log_choices = tf.constant(np.repeat(choices, TARGETS))
    found = expected_gradient(
        model,
        WakeWake(),
        lambda path: flat(model.at(address, noise, path)),
        lambda densities: log_choices + log_prob_of_samples(densities),
    )
    log_joint = marginal_terms(model)[0]
    exact = gradient_of(model, lambda: negative_posterior_divergence(model, log_joint))
    return float(tf.norm(found["queries"] - exact["queries"]) / tf.norm(exact["queries"]))


def test_wake_follows_the_posterior_in_the_limit_of_many_samples():
    few, some, many = wake_error(5), wake_error(50), wake_error(500)
    assert few > some > many
    # The bias falls as 1 / K.
    assert 500 * many == pytest.approx(50 * some, rel=0.02)


def test_wake_theta_is_that_of_the_bound():
    """With q(a | x) as a proposal that is given, theta and z follow E L_K."""
    model = SmallModel(MEMORY_SIZE)
    found = tuples_of(model, 3)

    def target():
        densities = found()
        fixed = densities._replace(log_qa=tf.stop_gradient(densities.log_qa))
        probability = tf.stop_gradient(tf.exp(log_prob_of_samples(densities)))
        return probability * bounds.iw_bound(bounds.log_weights(*fixed))

    groups = (*GENERATIVE, "latent_posterior")
    assert_same(expected(model, WakeWake(), 3), gradient_of(model, target), groups)


def test_wake_control_variate_changes_no_expectation():
    model = SmallModel(MEMORY_SIZE)
    found = tuples_of(model, 2)

    def plain():
        densities = found()
        weights = tf.nn.softmax(bounds.log_weights(*densities), axis=0)
        probability = tf.exp(log_prob_of_samples(densities))
        lesson = tf.reduce_sum(tf.stop_gradient(weights) * densities.log_qa, axis=0)
        return tf.stop_gradient(probability) * lesson

    assert_same(expected(model, WakeWake(), 2), gradient_of(model, plain), ["queries"])


def test_wake_joint_at_fixed_z():
    """theta from log p, q(z | x, m) from log q at z that are given."""
    model = SmallModel(MEMORY_SIZE)
    found = tuples_of(model, 2)
    estimate = expected_gradient(
        model, WakeWake(latent="wake"), found, log_prob_of_samples, kind="fixed"
    )

    class FixedPath:
        @staticmethod
        def through(z):
            return tf.stop_gradient(z)

        @staticmethod
        def density_parameters(loc, scale):
            return loc, scale

    def target():
        densities = found(FixedPath)
        weights = tf.stop_gradient(tf.nn.softmax(bounds.log_weights(*densities), axis=0))
        log_p = densities.log_pa + densities.log_pz + densities.log_px
        log_q = densities.log_qa + densities.log_qz
        probability = tf.stop_gradient(tf.exp(log_prob_of_samples(densities)))
        return probability * tf.reduce_sum(weights * log_p + (weights - 0.5) * log_q, axis=0)

    assert_same(estimate, gradient_of(model, target))


# Enumeration.


def every_slot(model: SmallModel):
    address = np.repeat(np.arange(model.memory_size)[:, np.newaxis], TARGETS, axis=1)
    noise = noise_of_slots(address, model.latent_dim, own=False)
    return lambda path=None: model.at(address[:, np.newaxis], noise[:, np.newaxis], path)


def certain(densities: LogDensities) -> tf.Tensor:
    return tf.zeros(densities.log_px.shape[1], tf.float64)


@pytest.mark.parametrize("memory_size", [1, 2, 4])
def test_exact_is_the_elbo_with_the_address_summed_out(memory_size):
    model = SmallModel(memory_size)
    exact = gradient_of(model, lambda: expected_bound(model, 1, own_noise=False))
    found = expected_gradient(model, Exact(), lambda path: flat(every_slot(model)(path)), certain)
    assert_same(found, exact)


def test_exact_follows_the_slope():
    model = SmallModel(MEMORY_SIZE)
    found = expected_gradient(model, Exact(), lambda path: flat(every_slot(model)(path)), certain)

    def elbo():
        log_joint, log_qa = marginal_terms(model)
        return tf.reduce_sum(tf.exp(log_qa) * (log_joint - log_qa), axis=0)

    for group in model.parameters:
        assert_same(found, {group: slope(model, group, elbo)}, tolerance=1e-6)


def test_marginal_is_the_likelihood_and_the_lesson():
    model = SmallModel(MEMORY_SIZE)
    found = expected_gradient(
        model, Marginal(), lambda path: flat(every_slot(model)(path)), certain
    )
    log_joint = marginal_terms(model)[0]

    def target():
        likelihood = tf.reduce_logsumexp(marginal_terms(model)[0], axis=0)
        return likelihood + negative_posterior_divergence(model, log_joint)

    for group in model.parameters:
        assert_same(found, {group: slope(model, group, target)}, tolerance=1e-6)


# The top, and samples of the rest.


def top_and_rest(model: SmallModel, num_top: int, num_samples: int):
    """All that propose_top_and_rest can draw: addresses [S, N, B], and a proposal of them."""
    log_posterior = model.address()[0].numpy()
    order = np.argsort(-log_posterior, axis=1)
    rests = list(itertools.product(range(num_top, model.memory_size), repeat=num_samples))
    places = np.array([[*range(num_top), *rest] for rest in rests])
    address = np.stack([row[places] for row in order], axis=-1).transpose(1, 0, 2)
    log_q = np.take_along_axis(log_posterior.T, address.reshape(-1, TARGETS), axis=0)
    log_q = log_q.reshape(address.shape)
    left = np.log(1.0 - np.exp(log_q[:num_top]).sum(axis=0))
    share = np.concatenate(
        [log_q[:num_top], np.repeat(left[np.newaxis] - math.log(num_samples), num_samples, axis=0)]
    )
    proposal = Proposal(
        tf.constant(address.reshape(len(address), -1)),
        tf.constant(share.reshape(len(share), -1)),
    )
    log_probability = (log_q[num_top:] - left).sum(axis=0).reshape(-1)
    return address, proposal, tf.constant(log_probability)


@pytest.mark.parametrize("num_samples", [1, 2])
@pytest.mark.parametrize("num_top", [1, 2, 3])
def test_exact_top_k_is_unbiased(num_top, num_samples):
    model = SmallModel(memory_size=4)
    address, proposal, log_probability = top_and_rest(model, num_top, num_samples)
    noise = noise_of_slots(address, model.latent_dim, own=False)
    found = expected_gradient(
        model,
        ExactTopK(num_top),
        lambda path: flat(model.at(address, noise, path)),
        lambda _: log_probability,
        proposal=proposal,
    )
    exact = gradient_of(model, lambda: expected_bound(model, 1, own_noise=False))
    assert_same(found, exact)


@pytest.mark.parametrize("num_top", [1, 2])
def test_marginal_top_k_theta_is_that_of_its_bound(num_top):
    model = SmallModel(memory_size=4)
    address, proposal, log_probability = top_and_rest(model, num_top, 2)
    noise = noise_of_slots(address, model.latent_dim, own=False)
    probability = tf.exp(log_probability)

    def estimates():
        """p^(x) of each outcome, with q(a | x) given."""
        found = flat(model.at(address, noise))
        log_joint = found.log_pa + found.log_px + found.log_pz - found.log_qz
        log_terms = log_joint - tf.stop_gradient(found.log_qa) + proposal.log_share
        return tf.reduce_logsumexp(log_terms, axis=0)

    found = expected_gradient(
        model,
        MarginalTopK(num_top),
        lambda path: flat(model.at(address, noise, path)),
        lambda _: log_probability,
        proposal=proposal,
    )
    exact = gradient_of(model, lambda: probability * estimates())
    assert_same(found, exact, (*GENERATIVE, "latent_posterior"))
    mean = tf.reduce_sum(tf.reshape(probability * tf.exp(estimates()), [-1, TARGETS]), axis=0)
    likelihood = tf.reduce_sum(tf.exp(marginal_terms(model)[0]), axis=0)
    np.testing.assert_allclose(mean, likelihood, rtol=1e-12)


def marginal_top_k_lesson(model: SmallModel, num_samples: int) -> dict[str, tf.Tensor]:
    """The expected gradient of MarginalTopK with two slots at the top, for q(a | x)."""
    address, proposal, log_probability = top_and_rest(model, 2, num_samples)
    noise = noise_of_slots(address, model.latent_dim, own=False)
    found = expected_gradient(
        model,
        MarginalTopK(2),
        lambda path: flat(model.at(address, noise, path)),
        lambda _: log_probability,
        proposal=proposal,
    )
    return found["queries"]


@pytest.mark.parametrize("num_samples", [1, 3])
def test_marginal_top_k_teaches_what_its_samples_weigh(num_samples):
    model = SmallModel(memory_size=4)
    address, proposal, log_probability = top_and_rest(model, 2, num_samples)
    noise = noise_of_slots(address, model.latent_dim, own=False)
    given = flat(model.at(address, noise))
    log_joint = given.log_pa + given.log_px + given.log_pz - given.log_qz
    terms = np.exp((log_joint - given.log_qa + proposal.log_share).numpy())
    weights = np.exp(log_probability) * terms / terms.sum(axis=0)

    def lesson():
        return tf.reduce_sum(weights * flat(model.at(address, noise)).log_qa, axis=0)

    expected_lesson = gradient_of(model, lesson)["queries"]
    found = marginal_top_k_lesson(model, num_samples)
    assert_same({"queries": found}, {"queries": expected_lesson})


def marginal_top_k_error(num_samples: int) -> float:
    """As `wake_error`, of three slots with one at the top: the two others are binomial."""
    model = SmallModel(memory_size=3)
    log_posterior = model.address()[0].numpy()
    order = np.argsort(-log_posterior, axis=1)
    counts = np.arange(num_samples + 1)
    second = np.arange(num_samples)[:, np.newaxis] < counts[np.newaxis]
    places = np.concatenate([np.zeros((1, num_samples + 1), int), np.where(second, 2, 1)])
    address = np.stack([row[places] for row in order], axis=-1)
    log_q = np.stack([row[of] for row, of in zip(log_posterior, order, strict=True)])
    top, log_others = log_q[:, 0], log_q[:, 1:] - np.log(-np.expm1(log_q[:, :1]))
    log_left = np.log(-np.expm1(top)) - math.log(num_samples)
    share = np.broadcast_to(log_left, address.shape).copy()
    share[0] = top
    choices = [math.lgamma(num_samples + 1) - math.lgamma(c + 1) - math.lgamma(num_samples - c + 1)
               for c in counts]  # fmt: skip
    of_count = np.stack([num_samples - counts, counts])
    log_probability = np.array(choices)[:, np.newaxis] + (log_others @ of_count).T
    assert np.exp(log_probability).sum() == pytest.approx(TARGETS)
    noise = noise_of_slots(address, model.latent_dim, own=False)
    found = expected_gradient(
        model,
        MarginalTopK(1),
        lambda path: flat(model.at(address, noise, path)),
        lambda _: tf.constant(log_probability.reshape(-1)),
        proposal=Proposal(
            tf.constant(address.reshape(len(address), -1)),
            tf.constant(share.reshape(len(share), -1)),
        ),
    )
    log_joint = marginal_terms(model)[0]
    exact = gradient_of(model, lambda: negative_posterior_divergence(model, log_joint))
    return float(tf.norm(found["queries"] - exact["queries"]) / tf.norm(exact["queries"]))


def test_marginal_top_k_follows_the_posterior_in_the_limit_of_many_samples():
    few, some, many = map(marginal_top_k_error, (5, 50, 500))
    assert few > some > many
    assert 500 * many == pytest.approx(50 * some, rel=0.05)


@pytest.mark.parametrize(("top", "whole"), [(ExactTopK(5), Exact()), (MarginalTopK(5), Marginal())])
def test_a_top_that_holds_everything_is_the_enumeration(top, whole):
    model = SmallModel(MEMORY_SIZE)
    log_posterior = model.address()[0]
    proposal = top.propose(log_posterior, 4, (0, 0))
    address = proposal.address.numpy()[:, np.newaxis]
    noise = noise_of_slots(address, model.latent_dim, own=False)
    found = expected_gradient(
        model,
        top,
        lambda path: flat(model.at(address, noise, path)),
        certain,
        proposal=proposal,
    )
    expected_one = expected_gradient(
        model, whole, lambda path: flat(every_slot(model)(path)), certain
    )
    assert_same(found, expected_one)


def test_proposed_are_the_likeliest_and_others():
    log_posterior = tf.nn.log_softmax(np.random.default_rng(3).normal(size=(5, 50), scale=2.0))
    address, log_share = propose_top_and_rest(log_posterior, 8, 6, (1, 2))
    address = address.numpy().T
    for row, likely in zip(address, np.argsort(-log_posterior.numpy(), axis=1), strict=True):
        assert list(row[:8]) == list(likely[:8])
        assert not set(row[8:]) & set(row[:8])
    np.testing.assert_allclose(tf.reduce_sum(tf.exp(log_share), axis=0), np.ones(5), rtol=1e-12)
    at_top = np.take_along_axis(log_posterior.numpy(), address[:, :8], axis=1)
    np.testing.assert_allclose(tf.transpose(log_share[:8]), at_top, rtol=1e-12)


# Stratified addresses: all that one u can give, by the places where an address changes.


@pytest.mark.parametrize("estimator", ["nvil", "wake_wake"])
def test_stratified_samples_have_the_same_expectation(estimator):
    model = SmallModel(MEMORY_SIZE)
    num_samples = 2
    log_posterior = model.address()[0]
    cumulative = np.cumsum(np.exp(log_posterior), axis=1)
    ends = np.unique(np.r_[0.0, np.ravel(cumulative * num_samples) % 1.0, 1.0])
    middles, lengths = (ends[1:] + ends[:-1]) / 2, np.diff(ends)
    address = np.stack(
        [
            addresses_at_strata(log_posterior, num_samples, tf.fill([TARGETS], middle))
            for middle in middles
        ],
        axis=1,
    )
    noise = noise_of_slots(address, model.latent_dim, own=False)
    log_length = tf.constant(np.repeat(np.log(lengths), TARGETS))

    def densities(path=None):
        return flat(model.at(address, noise, path))

    def expectation(chosen):
        return expected_gradient(model, chosen, densities, lambda _: log_length)

    if estimator == "nvil":
        exact = gradient_of(model, lambda: expected_bound(model, 1, own_noise=False))
        assert_same(expectation(nvil_with_baselines(deviation=0.5)), exact)
        return

    def without_control_variate():
        found = densities()
        weights = tf.nn.softmax(bounds.log_weights(*found), axis=0)
        lesson = tf.reduce_sum(tf.stop_gradient(weights) * found.log_qa, axis=0)
        return tf.exp(log_length) * lesson

    exact = gradient_of(model, without_control_variate)
    assert_same(expectation(WakeWake(addresses="stratified")), exact, ["queries"])
