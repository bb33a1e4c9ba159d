"""Episodes that the model cannot work with are refused."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.models.tiny_vma import (
    SEEDS,
    SLOTS,
    TARGETS,
    dataset,
    dense_model,
    episode,
    images,
    tiny_model,
)
from tfvma.errors import InvalidArgumentError
from tfvma.layers.memory import EpisodicMemory


def without(key: str) -> dict[str, tf.Tensor]:
    return {k: v for k, v in episode().items() if k != key}


BAD_EPISODES = {
    "no memory": (without("memory"), "no 'memory'"),
    "no x": (without("x"), "no 'x'"),
    "empty memory": (episode() | {"memory": images(0, 0)}, "memory of shape .*empty"),
    "other size": (
        episode() | {"memory": tf.zeros([SLOTS, 5, 5, 1])},
        r"memory with images of shape \(5, 5, 1\).*expected \(6, 6, 1\)",
    ),
    "NaN": (episode() | {"x": images(TARGETS, 0) * np.nan}, "x has nothing but NaN"),
    "grey beyond 1": (episode() | {"memory": 255.0 * images(SLOTS, 0)}, "memory has .* 255"),
}


@pytest.mark.parametrize(
    ("use", "name"),
    [*(("fit", name) for name in BAD_EPISODES), ("evaluate", "NaN"), ("predict", "NaN")],
)
def test_bad_episodes_are_refused(use, name):
    bad, message = BAD_EPISODES[name]
    model = tiny_model()
    model.compile(jit_compile=False, run_eagerly=True)
    with pytest.raises(InvalidArgumentError, match=message):
        getattr(model, use)(dataset(bad), verbose=0)


def test_arrays_are_no_dataset():
    model = tiny_model()
    model.compile(jit_compile=False)
    arrays = {key: value.numpy() for key, value in episode().items()}
    with pytest.raises(InvalidArgumentError, match=r"expected a tf\.data\.Dataset of episodes"):
        model.fit(arrays, verbose=0)


def test_images_of_another_size_than_the_models_are_refused():
    other = {"x": tf.zeros([TARGETS, 9, 9, 1]), "memory": tf.zeros([SLOTS, 9, 9, 1])}
    model = tiny_model()
    model.compile(jit_compile=False)
    with pytest.raises(InvalidArgumentError, match=r"x .*9, 9, 1.*6, 6, 1"):
        model.fit(dataset(other), verbose=0)


@pytest.mark.parametrize("relaxed", [False, True])
def test_targets_without_channels_are_refused_by_every_pass(relaxed):
    """log p(x) would be broadcast over their width."""
    model = dense_model(EpisodicMemory())
    flat = episode() | {"x": images(TARGETS, 0)[..., 0]}
    estimator = "concrete" if relaxed else "vimco"
    model.compile(estimator=estimator, jit_compile=False, run_eagerly=True)
    for call in (
        lambda: model.infer(flat["x"], flat["memory"], 2, SEEDS),
        lambda: model(flat),
        lambda: model.gradients(flat, SEEDS),
    ):
        with pytest.raises(
            InvalidArgumentError, match=r"x of shape .*: expected \(None, 6, 6, 1\)"
        ):
            call()


@pytest.mark.parametrize(
    ("method", "instead"),
    [("train_on_batch", "fit"), ("test_on_batch", "evaluate"), ("predict_on_batch", "predict")],
)
def test_methods_for_arrays_say_what_to_use_instead(method, instead):
    model = tiny_model()
    model.compile(jit_compile=False)
    with pytest.raises(InvalidArgumentError, match=f"^{method}: expected `{instead}` on a tf.data"):
        getattr(model, method)(episode())
