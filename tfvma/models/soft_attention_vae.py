"""The soft-attention memory VAE: the paper's baseline that reads a mean of the slots."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvma import arguments
from tfvma.layers.soft_attention import mixture
from tfvma.models.episodic import build_decoder, build_layer, check_latent_dims
from tfvma.models.latent_model import LatentModel


@keras.saving.register_keras_serializable("tfvma")
class SoftAttentionVAE(LatentModel):
    """The soft-attention baseline of Bornschein et al. 2017, section 4.2 and figure 1, left.

        p(x | M) = int p(z) p(x | z, m(z)) dz,    q(z | x)
        m(z) = sum_a w_a(z) c(m_a),    w(z) = softmax_a S(h(m_a), g(z))

    The weights depend on z alone, since they belong to the generative model. c(m_a) is what
    slot a holds at every scale: the image, each layer of its pyramid, and what the decoder's
    MLP makes of the pyramid's top. The MLP is not linear, so that a mean of tops would be
    another read than the mean of what it makes of each; the second is taken. All else that
    the decoder does with an entry is affine, and the mean may come before or after it. It
    comes where it costs less: after, once per slot, where there are no more slots than z,
    and before, once per z, where there are. Either way it is one product of [N, M] and
    [M, features] per scale.

    h shares the pyramid: keys come from its top, so that a slot is encoded once.

    Inputs are episodes: `x` [B, H, W, C], pixels 0 or 1, and `memory` [M, H, W, C]. All
    densities are in nats per image.

    Args:
        encoder: x to a list of features.
        posterior_head: last of these features to (loc, scale) of q(z | x).
        entry_encoder: entries to a list of features.
        attention: weights from z and the last feature of the entries.
        decoder: p(x | z, m), as ConvDecoder with `contents` and `condition_from_contents`.
        image_shape: (H, W, C), that of the decoder's logits.
        num_samples, l2, seed: see EpisodicModel; the paper trains with K = 1.
    """

    LAYERS = ("encoder", "posterior_head", "entry_encoder", "attention", "decoder")

    def __init__(
        self,
        encoder: keras.layers.Layer,
        posterior_head: keras.layers.Layer,
        entry_encoder: keras.layers.Layer,
        attention: keras.layers.Layer,
        decoder: keras.layers.Layer,
        image_shape: tuple[int, int, int],
        num_samples: int = 1,
        l2: float = 0.0,
        seed: int = 0,
        **model_options,
    ):
        super().__init__(image_shape, num_samples, l2, seed, **model_options)
        self.encoder = encoder
        self.posterior_head = posterior_head
        self.entry_encoder = entry_encoder
        self.attention = attention
        self.decoder = decoder
        self.build()

    @property
    def takes_memory(self) -> bool:
        return True

    def build(self, input_shape=None):
        """Makes all weights at once: shapes are known from `image_shape`.

        Raises InvalidArgumentError where the decoder's logits have another shape, or z another
        size in one layer than in another.
        """
        if self.built:
            return
        check_latent_dims(posterior_head=self.posterior_head, decoder=self.decoder)
        image_shape = (None, *self.image_shape)
        z_shape = (None, self.posterior_head.latent_dim)
        build_layer(self.encoder, image_shape)
        build_layer(self.posterior_head, self.encoder.compute_output_shape(image_shape)[-1])
        build_layer(self.entry_encoder, image_shape)
        features_shape = self.entry_encoder.compute_output_shape(image_shape)
        build_layer(self.attention, z_shape, features_shape[-1])
        build_decoder(self.decoder, self.image_shape, z_shape, features_shape)
        self.built = True

    def logits_of(self, memory, num_latents):
        features = self.entry_encoder(memory)
        keys = self.attention.keys(features[-1])
        contents = self.decoder.contents(features)
        if _no_more(memory.shape[0], num_latents):
            condition_of_slots = self.decoder.condition_from_contents(contents)

            def condition(weights):
                return [mixture(weights, part) for part in condition_of_slots]
        else:

            def condition(weights):
                read = [mixture(weights, part) for part in contents]
                return self.decoder.condition_from_contents(read)

        def logits(z):
            weights = self.attention.weights_of_slots(z, keys)
            return self.decoder.from_condition(z, condition(weights))

        return logits

    def decode(self, z, memory) -> dict[str, tf.Tensor]:
        """logits of p(x | z, m(z)), [N, H, W, C], for z [N, D] and a memory [M, H, W, C]."""
        z = arguments.rows("z", z, (self.latent_dim,))
        decode = self.logits_of(self._checked_memory(memory), z.shape[0])
        return {"logits": decode(z)}


def _no_more(num_slots: int | None, num_latents: int | None) -> bool:
    return num_slots is not None and num_latents is not None and num_slots <= num_latents
