"""The least arithmetic of a training step and of a score, with all shared that can be."""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

from tfvma.config import ModelConfig
from tfvma.layers.conv_pyramid import pyramid_sizes, pyramid_strides

_TAPS = 3 * 3


class Product(NamedTuple):
    """A convolution or matrix product of one step or score.

    name: what it computes.
    multiply_adds: for one row, forward.
    rows: of how many images, vectors or pairs it is needed.
    reads_data: its input is data, so that no gradient with respect to it is needed.
    """

    name: str
    multiply_adds: int
    rows: int
    reads_data: bool = False

    @property
    def forward(self) -> int:
        """Floating-point operations, two per multiply-add."""
        return 2 * self.multiply_adds * self.rows

    @property
    def training(self) -> int:
        """Forward, gradient of the weights, and gradient of the input unless it is data."""
        return self.forward * (2 if self.reads_data else 3)


class Network:
    """The sizes of the convolutional network.

    areas: of the image and of every layer of a pyramid, in pixels.
    layers: multiply-adds of every layer of a pyramid; a transposed convolution of the
        decoder does as many as the layer that it mirrors.
    top: units of the last layer.
    """

    def __init__(self, model: ModelConfig):
        strides = pyramid_strides(len(model.filters), model.stride_first)
        widths = (1, *model.filters)
        self.areas = [size**2 for size in pyramid_sizes(model.image_size, strides)]
        self.layers = [
            area * _TAPS * width_in * width_out
            for area, width_in, width_out in zip(self.areas[1:], widths, widths[1:], strict=False)
        ]
        self.top = self.areas[-1] * widths[-1]

    def pyramid(self, name: str, rows: int) -> list[Product]:
        """All layers, over images."""
        first = Product(f"{name} conv1", self.layers[0], rows, reads_data=True)
        return [first, *self.rest(name, rows)]

    def rest(self, name: str, rows: int) -> list[Product]:
        """All layers but the first."""
        return [
            Product(f"{name} conv{layer}", size, rows)
            for layer, size in enumerate(self.layers[1:], 2)
        ]

    def perceptron(self, name: str, units: tuple[int, ...], rows: int) -> list[Product]:
        """Dense layers between these numbers of units."""
        return [
            Product(f"{name} dense{layer}", math.prod(sizes), rows)
            for layer, sizes in enumerate(itertools.pairwise(units), 1)
        ]


def step_products(
    model: ModelConfig, num_targets: int, memory_size: int, num_samples: int
) -> list[Product]:
    """The products that one step cannot do without.

    Keys are needed of every slot, queries of every target. All else that depends on an
    entry alone is needed once per slot or, where there are more slots than samples, once
    per distinct address: counted as K * B of them, the most that there can be. What is
    left of q(z | m, x) and p(x | z, m) is needed once per sample.

    A convolution is counted as direct, with a full kernel at the border, as TensorFlow's
    profiler counts it. What is not a convolution or matrix product is not counted.
    """
    samples = num_samples * num_targets
    entries = min(memory_size, samples)
    return _products(model, num_targets, memory_size, entries, samples, samples)


def score_products(
    model: ModelConfig,
    num_targets: int,
    memory_size: int,
    num_samples: int,
    num_entries: int,
    num_pairs: int,
) -> list[Product]:
    """The products that `score` cannot do without.

    As in a step, but q(z | m, x) is needed once per distinct pair of a target and an entry
    that were drawn together, and what depends on an entry alone once per distinct entry:
    `num_pairs` and `num_entries` say how many there were.
    """
    samples = num_samples * num_targets
    return _products(model, num_targets, memory_size, num_entries, num_pairs, samples)


def _products(
    model: ModelConfig, num_targets: int, memory_size: int, entries: int, pairs: int, samples: int
) -> list[Product]:
    queries = num_targets + (model.prior == "learned")

    network = Network(model)
    pyramid, rest, perceptron = network.pyramid, network.rest, network.perceptron
    areas, layers, top = network.areas, network.layers, network.top

    key_units = (top, model.hidden_units, model.key_dim)
    latent_units = (top, model.hidden_units, 2 * model.latent_dim)
    summary_units = (top, model.hidden_units, model.latent_dim, top)
    return [
        *pyramid("h(m)", memory_size),
        *perceptron("h(m)", key_units, memory_size),
        *pyramid("h_q(x)", num_targets),
        *perceptron("h_q(x)", key_units, num_targets),
        Product("similarities", model.key_dim, queries * memory_size),
        *pyramid("pyramid of m", entries),
        *perceptron("p(z|m)", latent_units, entries),
        Product("q(z|m,x) conv1 of x", layers[0], num_targets, reads_data=True),
        Product("q(z|m,x) conv1 of m", layers[0], entries, reads_data=True),
        *rest("q(z|m,x)", pairs),
        *perceptron("q(z|m,x)", latent_units, pairs),
        *perceptron("p(x|z,m) summary of m", summary_units, entries),
        *(Product(f"p(x|z,m) skip{i}", size, entries) for i, size in enumerate(layers, 1)),
        Product("p(x|z,m) skip of the image", areas[0] * _TAPS, entries, reads_data=True),
        Product("p(x|z,m) dense of z", model.latent_dim * top, samples),
        *(Product(f"p(x|z,m) up{i}", size, samples) for i, size in enumerate(layers, 1)),
    ]


def step_arithmetic(
    model: ModelConfig, num_targets: int, memory_size: int, num_samples: int
) -> int:
    """Floating-point operations of one training step, at least."""
    products = step_products(model, num_targets, memory_size, num_samples)
    return sum(product.training for product in products)


def score_arithmetic(
    model: ModelConfig,
    num_targets: int,
    memory_size: int,
    num_samples: int,
    num_entries: int,
    num_pairs: int,
) -> int:
    """Floating-point operations of one score, at least."""
    products = score_products(model, num_targets, memory_size, num_samples, num_entries, num_pairs)
    return sum(product.forward for product in products)
