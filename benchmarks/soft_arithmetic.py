"""The least arithmetic of one training step of the soft-attention baseline."""

from __future__ import annotations

from benchmarks.arithmetic import Network, Product
from tfvma.config import ModelConfig


def soft_step_products(
    model: ModelConfig, num_targets: int, memory_size: int, num_samples: int
) -> list[Product]:
    """The products that one step cannot do without; counted as in `step_products`.

    Every slot has its pyramid, its key and what the decoder makes of its top. Each z
    takes a mean over all slots at every scale. The convolutions of what is read come
    before the mean, once per slot, or after it, once per z: where there are fewer.
    """
    samples = num_samples * num_targets
    reads = min(memory_size, samples)
    read_before_mean = memory_size <= samples
    network = Network(model)
    pyramid, perceptron = network.pyramid, network.perceptron
    areas, layers, top = network.areas, network.layers, network.top
    image = areas[0]
    # What skip connections read of layer i has its size, what they make of it that of
    # layer i - 1, or of the image.
    before = [area * width for area, width in zip(areas[1:], model.filters, strict=True)]
    after = [area * width for area, width in zip(areas, (1, *model.filters[:-1]), strict=False)]
    means = after if read_before_mean else before

    return [
        *pyramid("q(z|x)", num_targets),
        *perceptron("q(z|x)", (top, model.hidden_units, 2 * model.latent_dim), num_targets),
        *pyramid("pyramid of m", memory_size),
        *perceptron("h(m)", (top, model.hidden_units, model.key_dim), memory_size),
        *perceptron("g(z)", (model.latent_dim, model.hidden_units, model.key_dim), samples),
        Product("similarities", model.key_dim, samples * memory_size),
        *perceptron(
            "p(x|z,m) summary of m",
            (top, model.hidden_units, model.latent_dim, top),
            memory_size,
        ),
        Product("mean of the summaries", top, samples * memory_size),
        *(Product(f"mean{i}", size, samples * memory_size) for i, size in enumerate(means, 1)),
        # After the skip connections the mean of the image is part of the last one.
        *(
            []
            if read_before_mean
            else [Product("mean of the images", image, samples * memory_size, reads_data=True)]
        ),
        *(Product(f"p(x|z,m) skip{i}", size, reads) for i, size in enumerate(layers, 1)),
        Product("p(x|z,m) skip of the image", image * 9, reads, reads_data=read_before_mean),
        Product("p(x|z,m) dense of z", model.latent_dim * top, samples),
        *(Product(f"p(x|z,m) up{i}", size, samples) for i, size in enumerate(layers, 1)),
    ]


def soft_step_arithmetic(
    model: ModelConfig, num_targets: int, memory_size: int, num_samples: int
) -> int:
    """Floating-point operations of one training step, at least."""
    products = soft_step_products(model, num_targets, memory_size, num_samples)
    return sum(product.training for product in products)
