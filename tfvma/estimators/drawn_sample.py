"""One sample of each target to learn from, in the place of all that were evaluated.

Most of a surrogate's gradient often comes from one sample, whose weight is nearly 1. To pass
back through that one alone, drawn in proportion to what the surrogate makes of each, has the
same expectation: where c_s is the slope of the surrogate in a log density l_s, s is drawn with
probability pi_s, and c_s / pi_s l_s is what is learned from,

    E [c_s / pi_s grad l_s] = sum_s c_s grad l_s.

pi_s is in proportion to the sum of |c_s| over the three log densities: with bounds of K weights it
is w_s; with estimators of L_1 all are drawn evenly, or by their share of q(a | x), which has more
noise. It concerns log p(z | m), log p(x | z, m) and
log q(z | x, m); log p(a) and log q(a | x) cost little, and keep all samples.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from tfvma.estimators.estimator import (
    Estimator,
    LatentDensities,
    LogDensities,
    Proposal,
    surrogate_of,
)
from tfvma.sampling import sample_address

# Keeps a target of which nothing is to be learned from a division by 0.
_LEAST = 1e-30


class Slopes(NamedTuple):
    """What the surrogate gains with each log density, each [S, B]."""

    log_pz: tf.Tensor
    log_px: tf.Tensor
    log_qz: tf.Tensor


def surrogate_and_slopes(
    estimator: Estimator, densities: LogDensities, proposal: Proposal, x: tf.Tensor
) -> tuple[tf.Tensor, Slopes]:
    """The surrogate, [B], with gradients through log p(a) and log q(a | x) alone, and its slopes.

    Args:
        estimator: whose surrogate it is.
        densities: at the proposal's addresses.
        proposal, x: as in `Estimator.surrogate`.
    """
    values = Slopes(*map(tf.stop_gradient, (densities.log_pz, densities.log_px, densities.log_qz)))
    with tf.GradientTape() as tape:
        tape.watch(values)
        surrogate = surrogate_of(estimator, densities._replace(**values._asdict()), proposal, x)
        total = tf.reduce_sum(surrogate)
    slopes = tape.gradient(total, values, unconnected_gradients="zero")
    return surrogate, Slopes(*map(tf.stop_gradient, slopes))


def draw_sample(slopes: Slopes, seed) -> tuple[tf.Tensor, Slopes]:
    """One of S samples for each target.

    Args:
        slopes: [S, B] each.
        seed: int32 [2].

    Returns:
        Which it is, int32 [B], and c_s / pi_s of that one, [1, B] each.
    """
    size = tf.add_n([tf.abs(slope) for slope in slopes]) + _LEAST
    probability = size / tf.reduce_sum(size, axis=0)
    (drawn,) = tf.unstack(sample_address(tf.transpose(tf.math.log(probability)), 1, seed), 1)
    drawn = tf.ensure_shape(drawn, probability.shape[1:])
    return drawn, Slopes(*(take(slope / probability, drawn) for slope in slopes))


def take(of_samples: tf.Tensor, drawn: tf.Tensor) -> tf.Tensor:
    """Of values [S, B, ...] those of the samples drawn, int32 [B], as [1, B, ...]."""
    return tf.gather_nd(of_samples, tf.stack([drawn, tf.range(tf.size(drawn))], axis=1))[tf.newaxis]


def surrogate_of_drawn(densities: LatentDensities, slopes: Slopes) -> tf.Tensor:
    """[B]; its gradient is what the samples drawn teach, on average that of all.

    Args:
        densities: at the samples drawn, [1, B] each.
        slopes: c_s / pi_s there.
    """
    taught = [slope * getattr(densities, name) for name, slope in slopes._asdict().items()]
    return tf.reduce_sum(tf.add_n(taught), axis=0)
