"""Keras layers from which the models are made; each is usable alone."""

from tfvma.layers.addressing import Addressing
from tfvma.layers.conv_decoder import ConvDecoder, Upscale
from tfvma.layers.conv_posterior import ConvPosterior
from tfvma.layers.conv_pyramid import ConvEmbedding, ConvPyramid
from tfvma.layers.gaussian_head import GaussianHead
from tfvma.layers.memory import EpisodicMemory, LearnedMemory
from tfvma.layers.mlp_decoder import MLPDecoder
from tfvma.layers.mlp_encoder import MLPEmbedding, MLPEncoder
from tfvma.layers.mlp_posterior import MLPPosterior
from tfvma.layers.plain_conv_decoder import PlainConvDecoder
from tfvma.layers.plain_mlp_decoder import PlainMLPDecoder
from tfvma.layers.soft_attention import SoftAttention

__all__ = [
    "Addressing",
    "ConvDecoder",
    "ConvEmbedding",
    "ConvPosterior",
    "ConvPyramid",
    "EpisodicMemory",
    "GaussianHead",
    "LearnedMemory",
    "MLPDecoder",
    "MLPEmbedding",
    "MLPEncoder",
    "MLPPosterior",
    "PlainConvDecoder",
    "PlainMLPDecoder",
    "SoftAttention",
    "Upscale",
]
