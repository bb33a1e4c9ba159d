"""Use of a trained model without an address: tensors in, tensors out."""

from __future__ import annotations

import tensorflow as tf

from tfvma import arguments
from tfvma.errors import InvalidArgumentError
from tfvma.models.latent_streaming import stream_latent_score
from tfvma.models.samples import merge_samples, split_samples
from tfvma.sampling import sample_normal


class LatentServing:
    """What a LatentModel does for those who use it, besides the `decode` of its subclass.

    Each function takes float32 images with ink 1 and paper 0, and raises
    InvalidArgumentError for what it cannot work with; see tfvma/arguments.py. `memory` is
    [M, H, W, C], or None where the model takes none.
    """

    has_address = False

    @property
    def latent_dim(self) -> int:
        """D."""
        return self.posterior_head.latent_dim

    def latent_prior(self, count) -> dict[str, tf.Tensor]:
        """loc and scale of p(z), `count` times, [N, D]: zeros and ones."""
        shape = [arguments.count("count", count), self.latent_dim]
        return {"loc": tf.zeros(shape), "scale": tf.ones(shape)}

    def latent_posterior(self, x) -> dict[str, tf.Tensor]:
        """loc and scale of q(z | x), [N, D], for x [N, H, W, C]."""
        loc, scale = self.posterior_head(self.encoder(self._checked_images(x))[-1])
        return {"loc": loc, "scale": scale}

    def score(self, x, memory, num_samples, seed) -> dict[str, tf.Tensor]:
        """The bound and its terms for every target, in nats.

        Args:
            x: [B, H, W, C], ink 1 and paper 0. Of greys in between the numbers are
                cross-entropies, and no log p(x).
            memory: what to read, or None.
            num_samples: K, any positive number; memory use does not grow with it.
            seed: int32 [2]; the same seed gives the same numbers.

        Returns:
            log_likelihood: L_K, [B].
            kl_latent: KL(q(z|x) || p(z)), analytic, [B].
            reconstruction: mean of log p(x | z_k), [B].
        """
        x, memory = self._checked_images(x), self._checked_memory(memory)
        num_samples, seed = arguments.count("num_samples", num_samples), arguments.seed(seed)
        q = self.latent_posterior(x)
        decode = self.logits_of(memory, _number(x, num_samples))
        return stream_latent_score(x, q["loc"], q["scale"], decode, num_samples, seed)

    def generate(self, memory, num_samples, seed) -> dict[str, tf.Tensor]:
        """Ancestral samples: z ~ p(z). images: pixel probabilities, [K, H, W, C]."""
        prior = self.latent_prior(arguments.count("num_samples", num_samples))
        z = sample_normal(prior["loc"], prior["scale"], arguments.seed(seed))
        decode = self.logits_of(self._checked_memory(memory), z.shape[0])
        return {"images": tf.sigmoid(decode(z))}

    def reconstruct(self, x, memory, num_samples, seed) -> dict[str, tf.Tensor]:
        """Reconstructions: z ~ q(z | x). images: pixel probabilities, [K, B, H, W, C]."""
        num_samples, seed = arguments.count("num_samples", num_samples), arguments.seed(seed)
        q = self.latent_posterior(x)
        z = sample_normal(tf.repeat(q["loc"][tf.newaxis], num_samples, axis=0), q["scale"], seed)
        decode = self.logits_of(self._checked_memory(memory), _number(q["loc"], num_samples))
        return {"images": split_samples(tf.sigmoid(decode(merge_samples(z))), num_samples)}

    def _checked_images(self, x) -> tf.Tensor:
        return arguments.images("x", x, self.image_shape)

    def _checked_memory(self, memory) -> tf.Tensor | None:
        if self.takes_memory:
            return arguments.images("memory", memory, self.image_shape)
        if memory is not None:
            raise InvalidArgumentError(
                f"memory of {type(memory).__name__}: expected None, this model reads none."
            )
        return None


def _number(targets: tf.Tensor, num_samples: tf.Tensor) -> int | None:
    """How many samples `num_samples` for each target are, None where that is not known yet."""
    known = tf.get_static_value(num_samples)
    return None if known is None or targets.shape[0] is None else int(known) * targets.shape[0]
