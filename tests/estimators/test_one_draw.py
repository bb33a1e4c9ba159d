"""What multiplies grad log q(a | x) in one draw: expectations tell nothing of control variates."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfvma import bounds
from tfvma.estimators import Estimator, ExactTopK, LogDensities, MarginalTopK, Proposal, Reinforce

TOP, SAMPLES, TARGETS = 2, 3, 4


def drawn(num_addresses: int) -> LogDensities:
    random = np.random.default_rng(5)
    shape = (num_addresses, TARGETS)
    return LogDensities(*(tf.constant(random.normal(size=shape) - 3.0) for _ in range(5)))


def top_and_rest() -> tuple[LogDensities, Proposal]:
    """Addresses with the probability that each stands for, one in all."""
    share = np.random.default_rng(6).dirichlet(np.ones(TOP + SAMPLES), size=TARGETS).T
    address = tf.zeros(share.shape, tf.int32)
    return drawn(TOP + SAMPLES), Proposal(address, tf.constant(np.log(share)))


def lesson(estimator: Estimator, densities: LogDensities, proposal: Proposal | None) -> np.ndarray:
    """The factor of each grad log q(a | x)."""
    with tf.GradientTape() as tape:
        tape.watch(densities.log_qa)
        surrogate = tf.reduce_sum(estimator.surrogate(densities, proposal))
    return tape.gradient(surrogate, densities.log_qa).numpy()


def test_reinforce_subtracts_the_mean_of_the_others():
    densities = drawn(SAMPLES)
    log_weights = bounds.log_weights(*densities).numpy()
    others = (log_weights.sum(axis=0) - log_weights) / (SAMPLES - 1)
    expected = (log_weights - others) / SAMPLES
    np.testing.assert_allclose(lesson(Reinforce(), densities, None), expected, rtol=1e-12)


def test_exact_top_k_subtracts_the_mean_over_the_likeliest():
    densities, proposal = top_and_rest()
    log_weights, share = bounds.log_weights(*densities).numpy(), np.exp(proposal.log_share)
    top = share[:TOP] / share[:TOP].sum(axis=0)
    expected = share * (log_weights - (top * log_weights[:TOP]).sum(axis=0))
    np.testing.assert_allclose(lesson(ExactTopK(TOP), densities, proposal), expected, rtol=1e-12)


def test_marginal_top_k_subtracts_what_q_expects():
    densities, proposal = top_and_rest()
    joint = np.exp(bounds.log_weights(*densities) + proposal.log_share)
    expected = joint / joint.sum(axis=0) - np.exp(proposal.log_share)
    found = lesson(MarginalTopK(TOP), densities, proposal)
    np.testing.assert_allclose(found, expected, rtol=1e-10)
