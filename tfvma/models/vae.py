"""The unconditioned variational autoencoder: the paper's baseline without a memory."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvma import arguments
from tfvma.models.episodic import build_decoder, build_layer, check_latent_dims
from tfvma.models.latent_model import LatentModel


@keras.saving.register_keras_serializable("tfvma")
class VariationalAutoencoder(LatentModel):
    """The baseline VAE of Bornschein et al. 2017, section 4.2, with their encoder and decoder.

        p(x) = int p(z) p(x | z) dz,    q(z | x)

    Inputs are episodes, of which `x` [B, H, W, C] alone is read. All densities are in nats
    per image. `num_samples` is K in training too, where K > 1 makes it an importance-weighted
    autoencoder.

    Args:
        encoder: x to a list of features.
        posterior_head: last of these features to (loc, scale) of q(z | x).
        decoder: p(x | z), z [N, D] to logits.
        image_shape: (H, W, C), that of the decoder's logits.
        num_samples, l2, seed: see EpisodicModel.
    """

    LAYERS = ("encoder", "posterior_head", "decoder")

    def __init__(
        self,
        encoder: keras.layers.Layer,
        posterior_head: keras.layers.Layer,
        decoder: keras.layers.Layer,
        image_shape: tuple[int, int, int],
        num_samples: int = 4,
        l2: float = 0.0,
        seed: int = 0,
        **model_options,
    ):
        super().__init__(image_shape, num_samples, l2, seed, **model_options)
        self.encoder = encoder
        self.posterior_head = posterior_head
        self.decoder = decoder
        self.build()

    @property
    def takes_memory(self) -> bool:
        return False

    def build(self, input_shape=None):
        """Makes all weights at once: shapes are known from `image_shape`.

        Raises InvalidArgumentError where the decoder's logits have another shape, or z another
        size in one layer than in another.
        """
        if self.built:
            return
        check_latent_dims(posterior_head=self.posterior_head, decoder=self.decoder)
        x_shape = (None, *self.image_shape)
        build_layer(self.encoder, x_shape)
        build_layer(self.posterior_head, self.encoder.compute_output_shape(x_shape)[-1])
        build_decoder(self.decoder, self.image_shape, (None, self.posterior_head.latent_dim))
        self.built = True

    def logits_of(self, memory, num_latents):
        return self.decoder

    def decode(self, z) -> dict[str, tf.Tensor]:
        """logits of p(x | z), [N, H, W, C], for z [N, D]."""
        z = arguments.rows("z", z, (self.latent_dim,))
        return {"logits": self.decoder(z)}
