"""How gradients pass a sample z = loc + scale * noise on their way to q(z | x, m)."""

from __future__ import annotations

import tensorflow as tf

from tfvma.validation import check_choice

LATENT_GRADIENTS = ("reparameterized", "doubly_reparameterized", "fixed")


class LatentPath:
    """One way through all the z of a training step.

    reparameterized: through z and through log q(z | x, m) (Kingma & Welling 2014).
    doubly_reparameterized: through z alone, times a factor that the estimator states, with
        log q(z | x, m) at fixed parameters (Tucker et al. 2018). The score of q has no mean
        of its own but for its part in the weights; reparameterising that too leaves, for a
        bound of K weights, sum_k w_k^2 (d l_k / d z_k) (d z_k / d phi). Equal in expectation
        over the noise, for every draw of the addresses, and of lower variance. For
        estimators of L_1 the factor is 1 ("sticking the landing", Roeder et al. 2017).
    fixed: through log q(z | x, m) alone, as reweighted wake-sleep has it.

    Args:
        kind: one of LATENT_GRADIENTS; raises InvalidArgumentError for another.
    """

    def __init__(self, kind: str = "reparameterized"):
        check_choice("kind", kind, LATENT_GRADIENTS)
        self.kind = kind
        self._factor: tf.Tensor | None = None

    def through(self, z: tf.Tensor, part: int = 0, parts: int = 1) -> tf.Tensor:
        """`z`, [S, B / parts, D], of the `part`-th of `parts` slices of the targets."""
        if self.kind == "reparameterized":
            return z
        if self.kind == "fixed":
            return tf.stop_gradient(z)

        # The factor is known only when all densities are; gradients are made after that.
        @tf.custom_gradient
        def scaled(value):
            def gradient(upstream):
                factor = tf.split(self._factor, parts, axis=1)[part]
                return upstream * tf.cast(factor, upstream.dtype)[..., tf.newaxis]

            return tf.identity(value), gradient

        return scaled(z)

    def density_parameters(self, loc: tf.Tensor, scale: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Those at which log q(z | x, m) is taken."""
        if self.kind == "doubly_reparameterized":
            return tf.stop_gradient(loc), tf.stop_gradient(scale)
        return loc, scale

    def scale_by(self, factor: tf.Tensor) -> None:
        """Has gradients through each z multiplied by `factor`, [S, B]; before any is taken."""
        self._factor = tf.stop_gradient(factor)
