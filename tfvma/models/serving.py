"""Use of a trained model: the functions that a SavedModel has too."""

from __future__ import annotations

import tensorflow as tf

from tfvma import arguments
from tfvma.errors import InvalidArgumentError
from tfvma.models.distinct import distinct_entries
from tfvma.models.samples import merge_samples, split_samples
from tfvma.models.streaming import stream_score
from tfvma.sampling import sample_address, sample_normal, split_seed


class Serving:
    """What a VariationalMemoryAddressing does for those who use it: tensors in, tensors out.

    Each function takes float32 images with ink 1 and paper 0, and raises
    InvalidArgumentError for what it cannot work with; see tfvma/arguments.py.
    """

    has_address = True

    @property
    def latent_dim(self) -> int:
        """D."""
        return self.prior_head.latent_dim

    @property
    def entry_shape(self) -> tuple[int, ...]:
        """Of one entry m_a: of an image where the memory comes with every call."""
        return self.image_shape if self.takes_memory else self.memory.entry_shape

    def entry_at(self, index) -> dict[str, tf.Tensor]:
        """entry [N, ...]: the slots of a learned memory at `index`, int32 [N]."""
        if self.takes_memory:
            raise InvalidArgumentError(
                "entry_at: expected a model whose memory is learned; with this one it comes with "
                "every call."
            )
        entries = self.memory.entries()
        return {"entry": tf.gather(entries, arguments.indices("index", index, entries.shape[0]))}

    def address(self, x, memory=None) -> dict[str, tf.Tensor]:
        """log_posterior [B, M], log q(a | M, x), and log_prior [M], log p(a | M)."""
        x, entries = self._checked_images(x), self._checked_entries(memory)
        log_posterior, log_prior = self.addressing(x, entries)
        return {"log_posterior": log_posterior, "log_prior": log_prior}

    def latent_prior(self, entry) -> dict[str, tf.Tensor]:
        """loc and scale of p(z | m), [N, D], for entries [N, ...]."""
        loc, scale = self.prior_head(self.entry_encoder(self._checked_entry(entry))[-1])
        return {"loc": loc, "scale": scale}

    def latent_posterior(self, x, entry) -> dict[str, tf.Tensor]:
        """loc and scale of q(z | m, x), [N, D], for N pairs."""
        x, entry = self._checked_images(x), self._checked_entry(entry)
        loc, scale = self.posterior(arguments.paired("x", x, "entry", entry), entry)
        return {"loc": loc, "scale": scale}

    def decode(self, z, entry) -> dict[str, tf.Tensor]:
        """logits of p(x | z, m), [N, H, W, C], for z [N, D] and entries [N, ...]."""
        entry = self._checked_entry(entry)
        z = arguments.rows("z", z, (self.latent_dim,))
        z = arguments.paired("z", z, "entry", entry)
        return {"logits": self.decoder(z, self.entry_encoder(entry))}

    def score(self, x, memory, num_samples, seed) -> dict[str, tf.Tensor]:
        """The bound and its terms for every target, in nats.

        Args:
            x: [B, H, W, C], ink 1 and paper 0. Of greys in between the numbers are
                cross-entropies, and no log p(x).
            memory: [M, H, W, C], or None where the memory is learned.
            num_samples: K, any positive number; memory use hardly grows with it.
            seed: int32 [2]; the same seed gives the same numbers.

        Returns:
            log_likelihood: L_K, [B] (paper, equation 7).
            kl_address: KL(q(a|x) || p(a)), exact, [B].
            kl_latent: KL(q(z|x, m_a) || p(z|m_a)), analytic, mean over a_k ~ q, [B].
            reconstruction: mean of log p(x | a_k, z_k), [B].
        """
        return stream_score(
            self,
            self._checked_images(x),
            self._checked_entries(memory),
            arguments.count("num_samples", num_samples),
            arguments.seed(seed),
        )

    def generate(self, memory, num_samples, seed) -> dict[str, tf.Tensor]:
        """Ancestral samples: a ~ p(a | M), z ~ p(z | m_a).

        Returns:
            images: pixel probabilities, [K, H, W, C].
            address: int32 [K].
        """
        num_samples = arguments.count("num_samples", num_samples)
        address_seed, latent_seed = split_seed(arguments.seed(seed))
        entries = self._checked_entries(memory)
        log_prior = self.addressing.log_prior(self.addressing.keys(entries))
        address = sample_address(log_prior[tf.newaxis], num_samples, address_seed)[:, 0]
        entries, slot = distinct_entries(entries, address, compiled=False)
        features = self.entry_encoder(entries)
        loc, scale = (tf.gather(part, slot) for part in self.prior_head(features[-1]))
        z = sample_normal(loc, scale, latent_seed)
        return {"images": self._probabilities(z, features, slot), "address": address}

    def reconstruct(self, x, memory, num_samples, seed) -> dict[str, tf.Tensor]:
        """Reconstructions: a ~ q(a | x), z ~ q(z | m_a, x).

        Returns:
            images: pixel probabilities, [K, B, H, W, C].
            address: int32 [K, B].
        """
        num_samples = arguments.count("num_samples", num_samples)
        address_seed, latent_seed = split_seed(arguments.seed(seed))
        x, entries = self._checked_images(x), self._checked_entries(memory)
        log_posterior, _ = self.addressing(x, entries)
        address = sample_address(log_posterior, num_samples, address_seed)
        entries, slot = distinct_entries(entries, address, compiled=False)
        projection = self.posterior.project_x(x) + tf.gather(
            self.posterior.project_entry(entries), slot
        )
        loc, scale = self.posterior.from_projection(merge_samples(projection))
        z = sample_normal(loc, scale, latent_seed)
        images = self._probabilities(z, self.entry_encoder(entries), tf.reshape(slot, [-1]))
        return {"images": split_samples(images, num_samples), "address": address}

    def classify(self, x, memory, memory_label, ways) -> dict[str, tf.Tensor]:
        """probabilities [B, ways]: q(a | x) summed over the entries of each label.

        `memory_label` is int32 [M] with values in 0..ways-1.
        """
        x, entries = self._checked_images(x), self._checked_entries(memory)
        ways = arguments.count("ways", ways)
        memory_label = arguments.labels("memory_label", memory_label, ways)
        memory_label = arguments.paired("memory_label", memory_label, "memory", entries)
        log_posterior, _ = self.addressing(x, entries)
        return {"probabilities": tf.exp(log_posterior) @ tf.one_hot(memory_label, ways)}

    def _checked_images(self, x) -> tf.Tensor:
        return arguments.images("x", x, self.image_shape)

    def _checked_entry(self, entry) -> tf.Tensor:
        """Entries of a learned memory are no drawings, and take any value."""
        if self.takes_memory:
            return arguments.images("entry", entry, self.image_shape)
        return arguments.rows("entry", entry, self.entry_shape)

    def _checked_entries(self, memory) -> tf.Tensor:
        """All slots, [M, ...]."""
        if memory is not None and self.takes_memory:
            memory = arguments.images("memory", memory, self.image_shape)
        return self.memory.entries(memory)

    def _probabilities(self, z, features, slot) -> tf.Tensor:
        """Of ink in each pixel, [N, H, W, C], for z [N, D] given the entries at slot [N]."""
        condition = [tf.gather(part, slot) for part in self.decoder.condition(features)]
        return tf.sigmoid(self.decoder.from_condition(z, condition))
