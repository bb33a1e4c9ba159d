"""Tensors to TFP distributions: the one place where parameters become densities."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_probability as tfp

from tfvma.errors import InvalidArgumentError

tfd = tfp.distributions


def address_distribution(log_probs: tf.Tensor) -> tfd.OneHotCategorical:
    """Categorical over the slots of a memory; `log_probs` is [..., M]."""
    return tfd.OneHotCategorical(logits=log_probs)


def latent_distribution(loc: tf.Tensor, scale: tf.Tensor) -> tfd.Independent:
    """Diagonal normal over z; `loc` and `scale` (standard deviation) are [..., D]."""
    return tfd.Independent(tfd.Normal(loc, scale), reinterpreted_batch_ndims=1)


class Pixels(tfd.Bernoulli):
    """Bernoulli over pixels that are 0 or 1: log p(x) = x * logit - softplus(logit).

    TFP's own formula serves every x and takes three times as long.
    """

    def _log_prob(self, event):
        logits = self.logits_parameter()
        return tf.cast(event, logits.dtype) * logits - tf.math.softplus(logits)


def likelihood(logits: tf.Tensor) -> tfd.Independent:
    """Independent Bernoulli pixels; `logits` is [..., H, W, 1]."""
    return tfd.Independent(Pixels(logits=logits), reinterpreted_batch_ndims=3)


def log_likelihood(logits: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """log p(x | z, m) in nats, [..., B], of x [B, H, W, C] by logits [..., B, H, W, C].

    Raises InvalidArgumentError for logits of images of another shape, which would be broadcast.
    """
    if not tf.TensorShape(x.shape[-3:]).is_compatible_with(logits.shape[-3:]):
        raise InvalidArgumentError(
            f"decoder: its logits have the shape {tuple(logits.shape)}; expected "
            f"{(None, *x.shape[-3:])}, as the targets have."
        )
    return likelihood(logits).log_prob(x)
