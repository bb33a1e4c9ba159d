"""The count of a step's arithmetic, by hand and against TensorFlow's own profiler."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
import tensorflow as tf

from benchmarks.arithmetic import score_arithmetic, step_arithmetic, step_products
from tfvma.config import Config, EpisodeConfig, ModelConfig, TrainingConfig
from tfvma.models.build import build_model

TINY = ModelConfig(image_size=4, filters=(2, 3), hidden_units=5, latent_dim=2, key_dim=3)
# The profiler rounds where a stride does not divide the size: every size here is even.
EVEN = ModelConfig(image_size=16, filters=(3, 4, 5, 6), hidden_units=7, latent_dim=2, key_dim=3)
TARGETS, SAMPLES = 6, 2
PRODUCTS = ("Conv2D", "Conv2DBackpropFilter", "Conv2DBackpropInput", "MatMul")


def profiled(function: Callable, *inputs) -> int:
    """Operations of the convolutions and matrix products in the graph of a function."""
    graph = tf.function(function).get_concrete_function(*inputs).graph
    builder = tf.compat.v1.profiler.ProfileOptionBuilder
    options = builder(builder.float_operation()).with_empty_output().build()
    node = tf.compat.v1.profiler.profile(graph, cmd="op", options=options)
    total = 0
    # Each kind of operation is the only child of the one before it.
    while node.children:
        (node,) = node.children
        total += node.float_ops * (node.name in PRODUCTS)
    return total


def episode(size: int, memory_size: int) -> dict[str, tf.Tensor]:
    return {
        "x": tf.zeros([TARGETS, size, size, 1]),
        "memory": tf.zeros([memory_size, size, size, 1]),
    }


def test_tiny_network_by_hand():
    # 2 targets, 3 entries, 2 samples each. Sides: 4, 2, 2; the top is 2 * 2 * 3 = 12.
    conv1, conv2 = 4 * 9 * 1 * 2, 4 * 9 * 2 * 3
    embedding = conv2 + 12 * 5 + 5 * 3
    gaussian = 12 * 5 + 5 * 4
    of_data = [
        3 * conv1,  # h(m)
        2 * conv1,  # h_q(x)
        3 * conv1,  # the pyramid of m
        2 * conv1,  # x in q(z|m,x)
        3 * conv1,  # m in q(z|m,x)
        3 * 16 * 9,  # the image itself in p(x|z,m)
    ]
    of_features = [
        3 * embedding,
        2 * embedding,
        3 * 3 * (2 + 1),  # two targets and the prior's query with three keys
        3 * (conv2 + gaussian),  # p(z|m)
        4 * (conv2 + gaussian),  # q(z|m,x)
        3 * (12 * 5 + 5 * 2 + 2 * 12),  # the entry's part of the first layer of p(x|z,m)
        3 * (conv1 + conv2),  # its skip connections
        4 * (2 * 12),  # z's part of its first layer
        4 * (conv1 + conv2),  # its upscaling layers
    ]
    expected = 2 * (2 * sum(of_data) + 3 * sum(of_features))
    assert step_arithmetic(TINY, num_targets=2, memory_size=3, num_samples=2) == expected


def test_flat_prior_needs_no_query():
    flat = dataclasses.replace(TINY, prior="flat")
    assert step_arithmetic(TINY, 2, 3, 2) - step_arithmetic(flat, 2, 3, 2) == 2 * 3 * 3 * 3


def test_beyond_one_entry_per_sample_only_keys_are_needed():
    def growth(memory_size: int) -> int:
        return step_arithmetic(TINY, 2, memory_size + 1, 2) - step_arithmetic(
            TINY, 2, memory_size, 2
        )

    one_key = 2 * (2 * 72 + 3 * (216 + 12 * 5 + 5 * 3 + 3 * (2 + 1)))
    assert growth(4) == growth(100) == one_key
    assert growth(3) > one_key


@pytest.mark.parametrize("stride_first", [True, False])
@pytest.mark.parametrize("memory_size", [5, 12])
def test_forward_as_tensorflow_counts_it(stride_first, memory_size):
    config = dataclasses.replace(EVEN, stride_first=stride_first)
    model = build_model(Config("even", model=config))
    # As XLA has it: every sample a pair of its own, so that the graph has fixed shapes.
    model.compile(jit_compile=True)
    inputs = episode(config.image_size, memory_size)

    def infer(x, memory):
        return model.infer(x, memory, SAMPLES, [(0, 0), (0, 1)])

    products = step_products(config, TARGETS, memory_size, SAMPLES)
    assert profiled(infer, inputs["x"], inputs["memory"]) == sum(p.forward for p in products)


def test_the_training_step_does_the_least():
    memory_size = 5
    config = Config(
        "even",
        EpisodeConfig(num_classes=TARGETS, targets_per_class=1),
        EVEN,
        TrainingConfig(num_samples=SAMPLES),
    )
    model = build_model(config)
    model.compile("sgd", jit_compile=True)
    model.optimizer.build(model.trainable_variables)

    products = step_products(EVEN, TARGETS, memory_size, SAMPLES)
    # TensorFlow writes down gradients of the data too, and drops them when it runs the graph.
    of_data = sum(product.forward for product in products if product.reads_data)
    least = step_arithmetic(EVEN, TARGETS, memory_size, SAMPLES)
    # Gradients of what was gathered are added up by products with one-hot vectors: of both
    # projections of q(z|m,x), its mean and scale, and what the decoder reads of an entry.
    samples, projection = SAMPLES * TARGETS, 8 * 8 * 3
    condition = 4 * 4 * 6 + 4 * 4 * 5 + 8 * 8 * 4 + 8 * 8 * 3 + 16 * 16
    rows = (
        TARGETS * projection
        + memory_size * (projection + condition)
        + samples * 2 * EVEN.latent_dim
    )
    found = profiled(model.train_step, episode(EVEN.image_size, memory_size))
    assert found == least + of_data + 2 * samples * rows


def test_a_score_by_hand():
    # 2 targets, 5 entries of which 3 are drawn in 4 pairs, 7 samples each; as above.
    conv1, conv2 = 4 * 9 * 1 * 2, 4 * 9 * 2 * 3
    embedding = conv1 + conv2 + 12 * 5 + 5 * 3
    gaussian = 12 * 5 + 5 * 4
    expected = [
        (5 + 2) * embedding,  # keys of all slots, queries
        5 * 3 * (2 + 1),  # similarities
        3 * (conv1 + conv2 + gaussian),  # p(z|m)
        (2 + 3) * conv1,  # x and m in q(z|m,x)
        4 * (conv2 + gaussian),  # q(z|m,x)
        3 * (12 * 5 + 5 * 2 + 2 * 12 + conv1 + conv2 + 16 * 9),  # p(x|z,m), of the entry
        2 * 7 * (2 * 12 + conv1 + conv2),  # p(x|z,m), of the sample
    ]
    found = score_arithmetic(
        TINY, num_targets=2, memory_size=5, num_samples=7, num_entries=3, num_pairs=4
    )
    assert found == 2 * sum(expected)
