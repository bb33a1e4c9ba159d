"""The likely addresses summed exactly, the others sampled."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from tfvma import bounds
from tfvma.estimators.estimator import Estimator, Proposal, known_memory_size, with_fixed_qa
from tfvma.sampling import sample_address
from tfvma.validation import check_at_least


def propose_top_and_rest(
    log_posterior: tf.Tensor, num_top: int, num_samples: int, seed
) -> Proposal:
    """The `num_top` likeliest addresses, then K samples of q(a | x) among the others.

    The first stand for their own probability, the others for a K-th of what is left. A
    memory of no more than `num_top` slots is enumerated.

    Args:
        log_posterior: log q(a | x), [B, M].
        num_top: how many addresses are summed exactly.
        num_samples: K.
        seed: int32 [2].

    Returns:
        num_top + K addresses for each target, or M.

    Raises InvalidArgumentError where M is not known.
    """
    log_posterior = tf.stop_gradient(log_posterior)
    memory_size = known_memory_size(log_posterior)
    likeliest, top = tf.math.top_k(log_posterior, min(num_top, memory_size))
    if num_top >= memory_size:
        return Proposal(tf.transpose(top), tf.transpose(likeliest))
    taken = tf.reduce_any(tf.one_hot(top, memory_size, True, False, dtype=tf.bool), axis=1)
    others = tf.where(taken, tf.constant(-math.inf, log_posterior.dtype), log_posterior)
    rest = sample_address(others, num_samples, seed)
    log_left = tf.reduce_logsumexp(others, axis=1) - math.log(num_samples)
    return Proposal(
        address=tf.concat([tf.transpose(top), rest], axis=0),
        log_share=tf.concat(
            [tf.transpose(likeliest), tf.repeat(log_left[tf.newaxis], num_samples, axis=0)], axis=0
        ),
    )


class TopAndRest(Estimator):
    """An estimator that sums the likeliest addresses and samples the others.

    Args:
        num_top: how many are summed.
    """

    needs_memory_size = True

    def __init__(self, num_top: int = 8):
        check_at_least("num_top", num_top, 1)
        self.num_top = num_top

    def propose(self, log_posterior, num_samples, seed):
        return propose_top_and_rest(log_posterior, self.num_top, num_samples, seed)

    def get_config(self) -> dict:
        return {"num_top": self.num_top}


@keras.saving.register_keras_serializable("tfvma")
class ExactTopK(TopAndRest):
    """`Exact` over the likeliest addresses T, and the score function over the others
    (Liu et al. 2019, "Rao-Blackwellized stochastic gradients for discrete distributions").

        sum_{a in T} q(a | x) l_a  +  (1 - q(T)) mean of l_a over K samples of the others

    The baseline is the mean of l over T. Unbiased for the gradient of L_1, with T chosen anew
    at each step; sampled are only the (1 - q(T)) that are left.

    Args:
        num_top: the size of T.
    """

    def surrogate(self, densities, proposal=None, x=None):
        # sum_a q(a) grad log q(a) is 0, so that log q(a) within l_a adds nothing but noise.
        log_weights = bounds.log_weights(*with_fixed_qa(densities))
        share = tf.exp(proposal.log_share)
        top = share[: self.num_top]
        mean = tf.reduce_sum(top * log_weights[: self.num_top], axis=0) / tf.reduce_sum(top, axis=0)
        learning_signal = tf.stop_gradient(share * (log_weights - mean))
        return tf.reduce_sum(share * log_weights + learning_signal * densities.log_qa, axis=0)

    def latent_factor(self, densities, proposal=None):
        return tf.ones_like(densities.log_px)


@keras.saving.register_keras_serializable("tfvma")
class MarginalTopK(TopAndRest):
    """`Marginal` over the likeliest addresses T, with importance samples of the others, as in
    the paper's equation 7.

        p^(x) = sum_{a in T} p^(x, a)  +  (1 - q(T)) mean of p^(x, a) / q(a | x) over K samples
        maximised:  log p^(x), and sum_a p^(a | x) log q(a | x) with p^(a | x) held fixed

    p^(x) is unbiased, so that its log is a bound. The gradient in theta and z is unbiased for
    that bound; the one in q(a | x) is self-normalised, as that of wake-wake, and its bias is
    gone where T holds all that q and p have.

    Args:
        num_top: the size of T.
    """

    def surrogate(self, densities, proposal=None, x=None):
        log_weights = self._log_weights(densities, proposal)
        share = tf.stop_gradient(tf.nn.softmax(log_weights, axis=0))
        expected = tf.exp(proposal.log_share)
        lesson = tf.reduce_sum((share - expected) * densities.log_qa, axis=0)
        return tf.reduce_logsumexp(log_weights, axis=0) + lesson

    def latent_factor(self, densities, proposal=None):
        return tf.nn.softmax(self._log_weights(densities, proposal), axis=0)

    @staticmethod
    def _log_weights(densities, proposal) -> tf.Tensor:
        return bounds.log_weights(*with_fixed_qa(densities)) + proposal.log_share
