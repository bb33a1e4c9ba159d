"""The count of a soft step's arithmetic, by hand and against TensorFlow's own profiler."""

from __future__ import annotations

import dataclasses

import pytest

from benchmarks.soft_arithmetic import soft_step_arithmetic, soft_step_products
from tests.benchmarks.test_arithmetic import EVEN, SAMPLES, TARGETS, TINY, episode, profiled
from tfvma.config import Config, TrainingConfig
from tfvma.models.build import build_model

CONFIG = Config(
    "even",
    model=dataclasses.replace(EVEN, family="soft_attention"),
    training=TrainingConfig(num_samples=SAMPLES),
)
# Fewer slots than samples, as many, and more.
sizes = pytest.mark.parametrize("memory_size", [5, 12, 20])


def test_tiny_network_by_hand():
    # 2 targets, 3 entries, one sample each. Sides: 4, 2, 2; the top is 2 * 2 * 3 = 12.
    conv1, conv2 = 4 * 9 * 1 * 2, 4 * 9 * 2 * 3
    of_data = [
        2 * conv1,  # q(z|x)
        3 * conv1,  # the pyramid of m
        2 * 3 * 16,  # the means of the images
    ]
    of_features = [
        2 * (conv2 + 12 * 5 + 5 * 4),  # q(z|x)
        3 * (conv2 + 12 * 5 + 5 * 3),  # the pyramid and h(m)
        2 * (2 * 5 + 5 * 3),  # g(z)
        2 * 3 * 3,  # similarities
        3 * (12 * 5 + 5 * 2 + 2 * 12),  # what the decoder makes of the top
        2 * 3 * (12 + 8 + 12),  # the means of that and of both layers
        2 * (conv1 + conv2 + 16 * 9),  # the skip connections of the means
        2 * (2 * 12),  # z's part of the decoder's first layer
        2 * (conv1 + conv2),  # its upscaling layers
    ]
    expected = 2 * (2 * sum(of_data) + 3 * sum(of_features))
    assert soft_step_arithmetic(TINY, num_targets=2, memory_size=3, num_samples=1) == expected


@sizes
def test_forward_as_tensorflow_counts_it(memory_size):
    model = build_model(CONFIG)
    inputs = episode(EVEN.image_size, memory_size)

    def infer(x, memory):
        return model.infer(x, memory, SAMPLES, (0, 0))

    products = soft_step_products(EVEN, TARGETS, memory_size, SAMPLES)
    assert profiled(infer, inputs["x"], inputs["memory"]) == sum(p.forward for p in products)


@sizes
def test_the_training_step_does_the_least(memory_size):
    model = build_model(CONFIG)
    model.compile("sgd")
    model.optimizer.build(model.trainable_variables)
    products = soft_step_products(EVEN, TARGETS, memory_size, SAMPLES)
    # TensorFlow writes down gradients of the data that a convolution reads, and drops them when
    # it runs the graph.
    of_data = sum(p.forward for p in products if p.reads_data and "mean" not in p.name)
    least = soft_step_arithmetic(EVEN, TARGETS, memory_size, SAMPLES)
    assert profiled(model.train_step, episode(EVEN.image_size, memory_size)) == least + of_data
